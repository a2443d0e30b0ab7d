import type { CarriedStep, Trigger } from '../runs/run.ts'

/** A run that is due: what a trigger asks for, before it has a name. */
export interface RunRequest {
  workflow: string
  commit: string
  trigger: Trigger
  /** Given values only; defaults are filled in when the run's definition is pinned. */
  params: Record<string, unknown>
  /** Only for a rerun: of which run, and what it takes over. */
  rerunOf?: string
  carriedOver?: CarriedStep[]
  /** Only for a tick. */
  fate?: 'Fired' | 'Late' | 'Skipped'
  /** Only for a tick that is Skipped: why. */
  fateReason?: string
}
