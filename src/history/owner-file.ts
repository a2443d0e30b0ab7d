import type { Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import * as shape from './shape.ts'

/** The file `state/owner.json`: the one controller that writes to this branch. */
export interface Owner {
  apiVersion: typeof API_VERSION
  kind: 'Owner'
  /** Null after a take-over, until the next controller claims the branch. */
  owner: string | null
  /** Who was taken off the branch, and may not claim it. */
  formerOwner?: string
  /** `<namespace>/<name>` of the Repository. */
  repository: string
  claimedAt: Timestamp
  releasedAt?: Timestamp
  /** Who took the former owner off. */
  releasedBy?: string
}

/** The branch is not ours: `by` is who holds it, or who took it away from us; `message` says what to do. */
export interface BranchOwned {
  kind: 'BranchOwned'
  by: string
  message: string
}

/** What a controller may do with a branch. */
export type Ownership = { kind: 'Ours' } | { kind: 'Free' } | BranchOwned

/** Judges `owner.json` as it lies on the branch (null: there is none) for the controller of this name. */
export function judgeOwner(text: string | null, owner: string): Ownership {
  if (text === null) return { kind: 'Free' }
  const found = parseOwner(text)
  if (found instanceof shape.ShapeError) {
    const message = `history/state/owner.json on the status branch cannot be read (${found.message}), so it is not safe to write there; ${TAKE_OVER}`
    return { kind: 'BranchOwned', by: 'unknown', message }
  }
  if (found.owner === owner) return { kind: 'Ours' }
  if (found.owner !== null) {
    return {
      kind: 'BranchOwned',
      by: found.owner,
      message: `the status branch belongs to ${found.owner} since ${found.claimedAt}; if that controller is gone, ${TAKE_OVER}`,
    }
  }
  if (found.formerOwner !== owner) return { kind: 'Free' }
  const taken = `the status branch was taken away from this controller${found.releasedAt === undefined ? '' : ` at ${found.releasedAt}`}`
  return {
    kind: 'BranchOwned',
    by: found.releasedBy ?? 'unknown',
    message: `${taken}, another one may claim it; to give it back, remove history/state/owner.json from the branch`,
  }
}

/** What a branch that belongs to this controller carries. */
export function claimOf(owner: string, repository: string, claimedAt: Timestamp): Owner {
  return { apiVersion: API_VERSION, kind: 'Owner', owner, repository, claimedAt }
}

/** What a branch carries after a take-over: nobody's, and free for all but the former owner. */
export function releaseOf(held: Owner, formerOwner: string, releasedBy: string, releasedAt: Timestamp): Owner {
  return {
    apiVersion: API_VERSION,
    kind: 'Owner',
    owner: null,
    formerOwner,
    repository: held.repository,
    claimedAt: held.claimedAt,
    releasedAt,
    releasedBy,
  }
}

/** The bytes of `owner.json`. */
export function encodeOwner(owner: Owner): string {
  return `${JSON.stringify(owner, null, 2)}\n`
}

/** Reads `owner.json`; returns the mistake when it is none, since whoever asks has to go on. */
export function parseOwner(text: string): Owner | shape.ShapeError {
  try {
    return shape.parseJson(text, readOwner)
  } catch (error) {
    if (error instanceof shape.ShapeError) return error
    throw error
  }
}

const TAKE_OVER = 'run `fusee history take-over --repo DIR|URL`'

const readOwner = shape.object<Owner>({
  apiVersion: shape.oneOf(API_VERSION),
  kind: shape.oneOf('Owner'),
  owner: shape.nullable(shape.text),
  formerOwner: shape.optional(shape.text),
  repository: shape.text,
  claimedAt: shape.timestamp,
  releasedAt: shape.optional(shape.timestamp),
  releasedBy: shape.optional(shape.text),
})
