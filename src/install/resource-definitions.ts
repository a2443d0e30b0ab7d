import repositorySchema from '../../schemas/repository.schema.json' with { type: 'json' }
import runSchema from '../../schemas/run.schema.json' with { type: 'json' }
import type { JsonObject } from '../definitions/container.ts'
import { TRIGGER_IDENTITY } from '../definitions/trigger-identity.ts'
import { INSTALL_LABELS, type InstallObject } from './controller-objects.ts'
import { structuralSchema } from './structural-schema.ts'

const GROUP = 'fusee.dev'
const VERSION = 'v1alpha1'

/** What no schema of a single document says: names that must fit into labels, and what must not change. */
interface Kind {
  kind: string
  plural: string
  shortName: string
  schema: JsonObject
  status: JsonObject
  columns: { name: string; type: string; jsonPath: string; priority?: number; description?: string }[]
  rules: Rule[]
  specRules: Rule[]
}

interface Rule {
  rule: string
  message: string
}

const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-map-type': 'atomic' }
const TEXT: JsonObject = { type: 'string' }
const TIME: JsonObject = { type: 'string', format: 'date-time' }

const CONDITIONS: JsonObject = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: TEXT,
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: TEXT,
      message: TEXT,
      lastTransitionTime: TIME,
      observedGeneration: { type: 'integer', format: 'int64' },
    },
  },
}

const NAME_FITS: Rule = { rule: 'self.metadata.name.size() <= 63', message: 'the name becomes a label of Jobs and Pods: 63 characters at most' }

const TRIGGER_FIELDS = Object.entries(TRIGGER_IDENTITY)

const TRIGGER_RULE = [
  '!has(self.trigger)',
  "self.trigger.kind in ['Manual', 'Api', 'Rerun']",
  ...TRIGGER_FIELDS.map(([kind, fields]) => `self.trigger.kind == '${kind}' && ${fields.map((field) => `has(self.trigger.${field})`).join(' && ')}`),
].join(' || ')

/** In JSON Schema's words. */
const ANY_FIELDS: JsonObject = { type: 'object', additionalProperties: true }

/**
 * What Repositories of later versions have. The server would drop it, unless its client asks for strictness, and nobody would hear that commits are
 * not verified, say.
 */
const NOT_YET: { spec: Record<string, JsonObject>; policy: Record<string, JsonObject> } = {
  spec: { verify: ANY_FIELDS, forge: ANY_FIELDS, artifacts: ANY_FIELDS, pools: ANY_FIELDS, notifications: { type: 'array', items: ANY_FIELDS } },
  policy: { pullRequests: ANY_FIELDS },
}

const NOT_YET_RULES: Rule[] = [
  ...Object.keys(NOT_YET.spec).map((field) => ({ rule: `!has(self.${field})`, message: `${field} is not supported by this version yet: remove it` })),
  ...Object.keys(NOT_YET.policy).map((field) => ({
    rule: `!has(self.policy) || !has(self.policy.${field})`,
    message: `policy.${field} is not supported by this version yet: remove it`,
  })),
]

const REPOSITORY: Kind = {
  kind: 'Repository',
  plural: 'repositories',
  shortName: 'frepo',
  schema: withFieldsOfLater(repositorySchema),
  status: {
    observedGeneration: { type: 'integer', format: 'int64', description: 'Generation of the spec of which the condition Ready speaks.' },
    lastCommit: { ...TEXT, description: 'Tip of the branch that the last look has dealt with.' },
    conditions: {
      ...CONDITIONS,
      description: 'Ready: the branch is followed. DefinitionsValid: no file is in error. HistoryWritten: records reach the status branch.',
    },
    cursors: { ...ANYTHING, description: 'How far pushes and ticks have been dealt with.' },
  },
  columns: [
    { name: 'URL', type: 'string', jsonPath: '.spec.url' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Commit', type: 'string', jsonPath: '.status.lastCommit', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  rules: [NAME_FITS],
  specRules: [
    {
      rule: "!self.url.matches('^[a-z][a-z0-9+.-]*://[^/?#]*:[^/?#]*@')",
      message: 'a password does not belong into the URL: put it into a Secret and name that in secretRef',
    },
    {
      rule: '!has(self.ref) || !has(self.ref.branch) || !has(self.history) || !has(self.history.branch) || self.ref.branch != self.history.branch || (has(self.history.url) && self.history.url != self.url)',
      message: 'history.branch must be another branch than the one that is followed, or history.url another repository',
    },
    ...NOT_YET_RULES,
  ],
}

const RUN: Kind = {
  kind: 'Run',
  plural: 'runs',
  shortName: 'frun',
  schema: runSchema,
  status: {
    phase: { ...TEXT, description: 'Pending until it may begin, Running, then Finished.' },
    result: { ...TEXT, description: 'How it ended: Succeeded, Failed, Cancelled, TimedOut or Skipped.' },
    reason: { ...TEXT, description: 'Why it ended so, as one word.' },
    message: { ...TEXT, description: 'Why it ended so, for people.' },
    startedAt: { ...TIME, description: 'When it began.' },
    finishedAt: { ...TIME, description: 'When it ended.' },
    progress: { ...TEXT, description: 'Ended steps of all.' },
    conditions: { ...CONDITIONS, description: 'Finished: it has ended, however. Succeeded: it has ended well. For kubectl wait.' },
    state: { ...ANYTHING, description: 'What Fusee knows of the run.' },
  },
  columns: [
    { name: 'Workflow', type: 'string', jsonPath: '.spec.workflow' },
    { name: 'Trigger', type: 'string', jsonPath: '.spec.trigger.kind' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Result', type: 'string', jsonPath: '.status.result' },
    { name: 'Progress', type: 'string', jsonPath: '.status.progress' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Repository', type: 'string', jsonPath: '.spec.repository', priority: 1 },
    { name: 'Commit', type: 'string', jsonPath: '.spec.commit', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
  rules: [NAME_FITS],
  specRules: [
    {
      rule: 'self.repository == oldSelf.repository && self.workflow == oldSelf.workflow',
      message: 'what a Run runs does not change: create another one',
    },
    {
      rule: "!has(oldSelf.commit) || oldSelf.commit == '' || (has(self.commit) && self.commit == oldSelf.commit)",
      message: 'a Run stays at its commit: create another one',
    },
    {
      rule: TRIGGER_RULE,
      message: `trigger lacks what identifies it, or is of a kind that starts nothing: ${TRIGGER_FIELDS.map(([kind, fields]) => `${kind} needs ${fields.join(', ')}`).join('; ')}. For a run by hand leave it out`,
    },
    { rule: '!has(oldSelf.cancel) || has(self.cancel)', message: 'a cancellation cannot be taken back: create another Run' },
  ],
}

/** The CustomResourceDefinitions of our kinds, made from `schemas/`. */
export function resourceDefinitions(): InstallObject[] {
  return [REPOSITORY, RUN].map(({ kind, plural, shortName, schema, status, columns, rules, specRules }) => {
    const { properties, ...root } = structuralSchema(schema)
    const { apiVersion, kind: kindOf, spec } = properties as Record<string, JsonObject>
    const description = (field: JsonObject | undefined): JsonObject => ({ type: 'string', description: field?.['description'] ?? '' })
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${GROUP}`, labels: INSTALL_LABELS },
      spec: {
        group: GROUP,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames: [shortName], categories: ['fusee'] },
        versions: [
          {
            name: VERSION,
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: columns,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                description: root['description'] ?? '',
                required: ['spec'],
                'x-kubernetes-validations': rules,
                properties: {
                  apiVersion: description(apiVersion),
                  kind: description(kindOf),
                  metadata: { type: 'object' },
                  spec: { ...spec, 'x-kubernetes-validations': specRules },
                  status: { type: 'object', description: 'What Fusee makes of it.', properties: status },
                },
              },
            },
          },
        ],
      },
    }
  })
}

/** The schema of Repositories with the fields that this version refuses. */
function withFieldsOfLater(schema: typeof repositorySchema): JsonObject {
  const { spec } = schema.properties
  const { policy } = spec.properties
  const describe = (fields: Record<string, JsonObject>): JsonObject =>
    Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, { ...type, description: 'Not supported by this version yet.' }]))
  const policyWith = { ...policy, properties: { ...policy.properties, ...describe(NOT_YET.policy) } }
  const specWith = { ...spec, properties: { ...spec.properties, policy: policyWith, ...describe(NOT_YET.spec) } }
  return { ...schema, properties: { ...schema.properties, spec: specWith } }
}
