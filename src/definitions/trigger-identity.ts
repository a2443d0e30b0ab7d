/** Fields that identify a trigger of each kind, beside its kind; those that people ask for are identified by their key. */
export const TRIGGER_IDENTITY: Readonly<Record<string, readonly string[]>> = {
  Push: ['branch'],
  Schedule: ['schedule', 'tick'],
  Webhook: ['name', 'delivery'],
  Workflow: ['workflow', 'run'],
  Backfill: ['schedule', 'tick'],
}
