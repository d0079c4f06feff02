interface Panel {
  readonly title: string;
  readonly unit: string;
  /** PromQL, and what its lines are named after. */
  readonly expr: string;
  readonly legend: string;
}

const PANELS: readonly Panel[] = [
  {
    title: "Webhooks per second, by answer",
    unit: "reqps",
    expr: "sum by (channel, status) (rate(botenstoff_webhook_requests_total[5m]))",
    legend: "{{channel}} {{status}}",
  },
  {
    title: "Accepted per second",
    unit: "ops",
    expr: "sum by (channel, destination) (rate(botenstoff_delivery_accepted_total[5m]))",
    legend: "{{channel}} → {{destination}}",
  },
  {
    title: "From receipt to acceptance, 95 % within",
    unit: "s",
    expr: "histogram_quantile(0.95, sum by (le, destination) (rate(botenstoff_delivery_latency_seconds_bucket[5m])))",
    legend: "{{destination}}",
  },
  {
    title: "Failed attempts per minute, by error code",
    unit: "none",
    expr: "sum by (destination, code) (rate(botenstoff_delivery_attempt_failed_total[5m])) * 60",
    legend: "{{destination}} {{code}}",
  },
  {
    title: "Oldest lane at a stage",
    unit: "s",
    expr: "max by (channel, stage) (botenstoff_queue_age_seconds)",
    legend: "{{channel}} {{stage}}",
  },
  {
    title: "Parked lanes",
    unit: "none",
    expr: "max by (channel, stage) (botenstoff_lanes_parked)",
    legend: "{{channel}} {{stage}}",
  },
  {
    title: "Messages by state",
    unit: "none",
    expr: 'max by (channel, state) (botenstoff_messages{state!="purged"})',
    legend: "{{channel}} {{state}}",
  },
  {
    title: "Certificates, days left",
    unit: "d",
    expr: "min by (channel, connector, certificate) (botenstoff_certificate_expires_seconds) / 86400",
    legend: "{{channel}} {{connector}} {{certificate}}",
  },
];

/** config/monitoring/grafana-dashboard.json: import it, and choose the Prometheus that scrapes the engines. */
export function renderGrafanaDashboard(): string {
  const datasource = { type: "prometheus", uid: "${prometheus}" };
  const panels = PANELS.map(({ title, unit, expr, legend }, index) => ({
    id: index + 1,
    type: "timeseries",
    title,
    datasource,
    gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 8, w: 12, h: 8 },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: [{ refId: "A", datasource, expr, legendFormat: legend }],
  }));
  const templating = { list: [{ name: "prometheus", type: "datasource", query: "prometheus" }] };
  const dashboard = { title: "Botenstoff", uid: "botenstoff", schemaVersion: 39, refresh: "30s", templating, panels };
  return `${JSON.stringify({ ...dashboard, time: { from: "now-6h", to: "now" } }, null, 2)}\n`;
}
