import type { Trigger } from '../runs/run.ts'

/** Why a run exists, in a few words; parts that others chose go through `part`. */
export function triggerText(trigger: Trigger, part: (text: string) => string): string {
  switch (trigger.kind) {
    case 'Push':
      return `Push to ${part(trigger.branch)}`
    case 'Schedule':
      return `Schedule ${part(trigger.schedule)}, tick ${part(minuteText(trigger.tick))}`
    case 'Webhook':
      return `Webhook ${part(trigger.name)}, delivery ${part(trigger.delivery)}`
    case 'Workflow':
      return `Workflow ${part(trigger.workflow)}, run ${part(trigger.run)}`
    case 'Api':
    case 'Manual':
    case 'Rerun':
      return `${trigger.kind}, by ${part(trigger.by)}${reasonText(trigger, part)}`
    case 'Backfill':
      return `Backfill of ${part(trigger.schedule)}, tick ${part(minuteText(trigger.tick))}, by ${part(trigger.by)}${reasonText(trigger, part)}`
  }
}

function reasonText({ reason }: { reason?: string }, part: (text: string) => string): string {
  return reason === undefined ? '' : `: ${part(reason)}`
}

/** `2026-11-20 01:00`: ticks lie on whole minutes. */
function minuteText(tick: string): string {
  return tick.replace('T', ' ').replace(/:00(\.0+)?Z$/, '')
}
