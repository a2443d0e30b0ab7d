/**
 * Kubernetes objects as raw JSON. Only the fields that Fusee itself reads are named; all others pass through untouched,
 * which is why these are not the client library's classes: those drop what they do not know.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** An environment variable of a core/v1 Container. */
export interface EnvVar {
  name: string
  value?: string
  valueFrom?: JsonObject
}

/** A core/v1 Container, as raw JSON. */
export interface Container {
  name?: string
  image?: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  workingDir?: string
  volumeMounts?: JsonObject[]
  [field: string]: unknown
}
