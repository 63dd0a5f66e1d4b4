/**
 * Reads `config/failures/policy.yaml` and checks it strictly: a typing error must not result in failures that
 * are never retried. All errors are reported at once. Pure.
 */

import { FAILURES } from '../../packages/runtime/consumer/failure-codes.ts'
import { positionsIn } from '../alerting/rule-positions.ts'
import { durationText, parseDuration } from '../duration.ts'
import { errorLine, type FilePath, type LocatedError, located, type PathError } from '../file-errors.ts'
import { yamlDocument } from '../yaml-document.ts'
import {
  DEFAULT_POLICY,
  DELAYS_MS,
  type FailurePolicy,
  LAMBDA_DISCARDED,
  PARKING,
  PARKING_CODE,
  type PolicyClass,
  parkedForMs,
  type Retries,
  type RetryRules,
  rulesFor,
} from './policy.ts'
import { schemaErrors } from './policy-schema.ts'

/** Error for an invalid policy. The message lists every error on a separate line. */
export class InvalidPolicy extends Error {
  override readonly name = 'InvalidPolicy'
  readonly errors: readonly LocatedError[]

  constructor(errors: readonly LocatedError[]) {
    super(['the failure policy has errors:', ...errors.map(error => `  ${errorLine(error)}`)].join('\n'))
    this.errors = errors
  }
}

/**
 * Reads the failure policy.
 *
 * @param file name of the file in messages
 * @param consumers names of all consumers; undefined if they are unknown
 * @throws InvalidPolicy with all errors or, for text that is not YAML, with the first syntax error
 */
export function readPolicy(text: string, file: string, consumers?: readonly string[]): FailurePolicy {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw new InvalidPolicy([{ file, ...yaml }])
  // An empty file, or one with only comments, leaves the defaults unchanged.
  const content = yaml.content ?? {}
  const errors = [...schemaErrors(content)]
  if (errors.length === 0) errors.push(...contradictions(content as RawPolicy, consumers))
  const policy = errors.length > 0 ? DEFAULT_POLICY : policyOf(content as RawPolicy)
  errors.push(...lateRetries(policy))
  if (errors.length > 0) throw new InvalidPolicy(located(errors, file, positionsIn(text)))
  return policy
}

interface RawRules {
  readonly maxAge?: string
  readonly classes?: Readonly<Partial<Record<PolicyClass, Retries>>>
  readonly codes?: Readonly<Record<string, Retries>>
}

interface RawPolicy extends RawRules {
  readonly consumers?: Readonly<Record<string, RawRules>>
}

/** Returns contradictions that a schema cannot express. */
function contradictions(raw: RawPolicy, consumers: readonly string[] | undefined): PathError[] {
  const ofAll = maxAgeOf(raw) ?? DEFAULT_POLICY.maxAgeMs
  const each = Object.entries(raw.consumers ?? {})
  return [
    ...ruleErrors([], raw, ofAll),
    ...each.flatMap(([name, rules]) => [
      ...(consumers && !consumers.includes(name)
        ? [
            {
              path: ['consumers', name],
              message: `there is no such consumer; consumers are ${consumers.join(', ')}`,
            },
          ]
        : []),
      ...ruleErrors(['consumers', name], rules, ofAll),
    ]),
  ]
}

function ruleErrors(at: FilePath, rules: RawRules, maxAgeOfAllMs: number): PathError[] {
  const { classes = {}, codes = {} } = rules
  const maxAgeMs = maxAgeOf(rules) ?? maxAgeOfAllMs
  const lists = [
    ...Object.entries(classes).map(([kind, list]) => [[...at, 'classes', kind], list] as const),
    ...Object.entries(codes).map(([code, list]) => [[...at, 'codes', code], list] as const),
  ]
  return [
    ...(maxAgeOf(rules) === 0 ? [{ path: [...at, 'maxAge'], message: 'must be longer than 0' }] : []),
    ...Object.keys(codes)
      .filter(code => !Object.hasOwn(FAILURES, code))
      .map(code => ({ path: [...at, 'codes', code], message: 'unknown failure code' })),
    ...(Object.hasOwn(codes, LAMBDA_DISCARDED)
      ? [
          {
            path: [...at, 'codes', LAMBDA_DISCARDED],
            message: 'is never tried again: its consumer reads the record from the log by itself',
          },
        ]
      : []),
    ...lists.flatMap(([path, list]) => listErrors(path, list, maxAgeMs)),
  ]
}

function listErrors(path: FilePath, list: Retries, maxAgeMs: number): PathError[] {
  const backwards = list.findIndex((delay, index) => {
    const before = list[index - 1]
    return before !== undefined && DELAYS_MS[delay] < DELAYS_MS[before]
  })
  if (backwards > 0)
    return [
      {
        path: [...path, backwards],
        message: `${list[backwards]} is out of order: a delay must not be shorter than the previous one, ${list[backwards - 1]}`,
      },
    ]
  const totalMs = list.reduce((sum, delay) => sum + DELAYS_MS[delay], 0)
  if (maxAgeMs === 0 || totalMs <= maxAgeMs) return []
  return [
    { path, message: 'the last of these retries is never made, because the delays together exceed maxAge' },
  ]
}

/**
 * Returns errors for first retries that are later than the time for which subsequent events of the entity
 * wait. Only some consumers let events wait.
 */
function lateRetries({ consumers, ...policy }: FailurePolicy): PathError[] {
  return Object.entries(PARKING).flatMap(([consumer, retries]) => {
    const about = { consumer, code: PARKING_CODE, kind: FAILURES[PARKING_CODE].class }
    const [first] = rulesFor({ ...policy, consumers }, about).retries
    const waitMs = parkedForMs(retries)
    if (first === undefined || parkedForMs([first]) <= waitMs) return []
    const isOfCode = Object.hasOwn(consumers[consumer]?.codes ?? {}, about.code)
    const key = isOfCode ? ['codes', about.code] : ['classes', about.kind]
    const message = `${first} is too late for the first retry: later events of an entity wait ${durationText(waitMs)} for it, and are then applied before it`
    return [{ path: ['consumers', consumer, ...key, 0], message }]
  })
}

function maxAgeOf({ maxAge }: RawRules): number | undefined {
  return maxAge === undefined ? undefined : parseDuration(maxAge)
}

function policyOf({ consumers = {}, ...raw }: RawPolicy): FailurePolicy {
  const { classes, ...rest } = rulesOf(raw)
  return {
    maxAgeMs: DEFAULT_POLICY.maxAgeMs,
    ...rest,
    classes: { ...DEFAULT_POLICY.classes, ...classes },
    consumers: {
      ...DEFAULT_POLICY.consumers,
      ...Object.fromEntries(
        Object.entries(consumers).map(([name, rules]) => [name, rulesOfConsumer(name, rules)]),
      ),
    },
  }
}

/** Returns the rules of a consumer. Its default rules apply where the file has none. */
function rulesOfConsumer(name: string, raw: RawRules): RetryRules {
  const rules = rulesOf(raw)
  const shipped = Object.hasOwn(DEFAULT_POLICY.consumers, name) ? DEFAULT_POLICY.consumers[name] : undefined
  return { ...rules, classes: { ...shipped?.classes, ...rules.classes } }
}

function rulesOf(raw: RawRules): RetryRules {
  const maxAgeMs = maxAgeOf(raw)
  return {
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    classes: raw.classes ?? {},
    codes: raw.codes ?? {},
  }
}
