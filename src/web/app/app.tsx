export function App() {
  return <h1>Botenstoff</h1>;
}
