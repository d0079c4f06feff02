/** "1 message", "2 messages", numbers as the language writes them. */
export function manyIn(language: string) {
  return (count: number, one: string, more: string) => `${count.toLocaleString(language)} ${count === 1 ? one : more}`;
}
