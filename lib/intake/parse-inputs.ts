/**
 * Reads and strictly validates `config/inputs.yaml`. A misspelled key must be an error, because a topic would otherwise not be read.
 * All errors are reported at once. Pure.
 */
import type { TimeSource } from '../mapping/mapping.ts'
import { KEYS_OF_FIELD, type OneOrMore, type RawSource, toList } from '../mapping/raw-mapping.ts'
import { parsePath, type RawPath } from '../mapping/record-path.ts'
import { sourceErrors } from '../mapping/source-errors.ts'
import { zoneErrors } from '../mapping/zone-errors.ts'
import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-inputs.js'
import { OWN_TYPES } from '../schemas/event-types.ts'
import { describeErrors, type FilePath, type PathError, parseJsonPointer } from '../support/file-errors.ts'
import { nameHint, unknownKey } from '../support/suggestion.ts'
import { readValidYaml } from '../support/valid-yaml.ts'
import type { Input, InputCluster, InputEvent } from './input.ts'

/** Content of the file after it was validated against its schema. */
interface RawInputs {
  readonly clusters?: Readonly<Record<string, Omit<InputCluster, 'name'>>>
  readonly inputs?: readonly RawInput[]
}

interface RawInput {
  readonly topic: string
  readonly cluster?: string
  readonly mappings?: readonly string[]
  readonly to?: 'readings' | 'events'
  readonly as?: {
    readonly type: string
    readonly subject: RawSource
    readonly time: string | RawTime
    readonly source?: string
    readonly id?: OneOrMore<RawSource>
    readonly schema?: string
  }
}

interface RawTime extends Omit<TimeSource, 'from'> {
  readonly from: RawPath
}

/**
 * Reads the inputs.
 *
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors; for text that is not valid YAML, with the first syntax error only
 */
export function readInputs(text: string, file: string): readonly Input[] {
  const heading = 'the inputs have errors:'
  const { inputs = [], clusters = {} } = readValidYaml(
    { text, file, heading, empty: {} },
    findErrors,
  ) as RawInputs
  return inputs.map(input => toInput(input, clusters))
}

function findErrors(content: unknown): readonly PathError[] {
  const errors = schemaErrors(content)
  return errors.length > 0 ? errors : contradictions(content as RawInputs)
}

const EXPECTED: Readonly<Record<string, string>> = {
  clusters: 'a mapping of one name (letters, digits, _ and -) to a cluster, which has arn or brokers',
  arn: 'the ARN of an MSK cluster',
  brokers: 'a list of host:port',
  auth: 'none, tls, iam, scram-sha-256, scram-sha-512 or plain',
  secret: 'the name or the ARN of a secret',
  caSecret: 'the name or the ARN of a secret',
  inputs: 'a list of inputs, each with a topic',
  cluster: 'a name in clusters',
  topic: 'the name of a topic: at most 180 letters, digits, dots, _ and -',
  mappings: 'a list of names of files in config/mappings, each once',
  to: 'readings or events',
  as: 'a mapping with type, subject and time',
  type: 'a CloudEvents type such as com.example.order.v1',
  subject: 'a field of the record, or a mapping with from or constant',
  time: 'a field of the record, record, or a mapping with from',
  from: 'a field of the record',
  epoch: 's, ms, us or ns',
  source: 'a text without spaces',
  id: 'a field of the record, or a list of fields',
  schema: 'a JSON file beside this one, such as inputs/order.json',
}

const KEYS: Readonly<Record<string, string>> = {
  clusters: 'a cluster has arn, brokers, auth, secret, caSecret',
  as: '`as` has type, subject, time, source, id, schema',
  time: '`time` has from, timeZone, epoch',
  subject: `a field has ${KEYS_OF_FIELD}`,
  id: `a field has ${KEYS_OF_FIELD}`,
}

/** Returns the schema violations, at most one per path. */
function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.inputs.v1']
  if (validate === undefined) throw new Error('lib/schemas/compiled-inputs.js has no inputs')
  if (validate(content)) return []
  // Violations within alternatives are not reported separately. The set of alternatives has its own violation.
  const violations = (validate.errors ?? []).filter(({ schemaPath }) => !schemaPath.includes('/anyOf/'))
  return describeErrors(violations, violation => describeViolation(violation, content))
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const path = parseJsonPointer(instancePath, content)
  const key = path.findLast(part => typeof part === 'string')
  if (keyword === 'additionalProperties') {
    const known =
      path.length === 0
        ? 'the file has clusters, inputs'
        : KEYS[path[0] === 'clusters' ? 'clusters' : String(path.at(-1))]
    const typed = String(params.additionalProperty)
    return {
      path: [...path, typed],
      message: unknownKey(typed, known ?? 'an input has topic, cluster, mappings, to, as'),
    }
  }
  if (keyword === 'required')
    return {
      path,
      message: `needs the key ${params.missingProperty}: ${EXPECTED[String(params.missingProperty)]}`,
    }
  if (path.length === 0) return { path, message: 'must be a mapping with the key inputs' }
  if (path[0] === 'clusters' && path.length === 2)
    return { path, message: 'must be a mapping with arn or brokers' }
  return {
    path,
    message: `must be ${(key === 'inputs' && path.length > 1 ? 'a mapping with a topic' : EXPECTED[String(key)]) ?? 'a text'}`,
  }
}

function contradictions({ inputs = [], clusters = {} }: RawInputs): PathError[] {
  const addressless = Object.entries(clusters).filter(([, { arn, brokers }]) => !arn && !brokers)
  return [
    ...addressless.map(([name]) => ({ path: ['clusters', name], message: 'needs arn or brokers' })),
    ...inputErrors(inputs, Object.keys(clusters)),
  ]
}

function inputErrors(inputs: readonly RawInput[], clusters: readonly string[]): PathError[] {
  return inputs.flatMap((input, index) => {
    const path: FilePath = ['inputs', index]
    const first = inputs.findIndex(({ topic }) => topic === input.topic)
    return [
      ...(first < index ? [{ path: [...path, 'topic'], message: `is input ${first + 1} already` }] : []),
      ...(input.cluster === undefined || clusters.includes(input.cluster)
        ? []
        : [
            {
              path: [...path, 'cluster'],
              message: `is not in clusters.${nameHint(input.cluster, clusters)}`,
            },
          ]),
      ...toErrors(input, path),
      ...(input.as ? eventErrors(input.as, [...path, 'as']) : []),
    ]
  })
}

function toErrors({ to = 'readings', as, mappings }: RawInput, path: FilePath): PathError[] {
  if (to === 'readings')
    return as
      ? [{ path: [...path, 'as'], message: 'is for records that are not readings: add `to: events`' }]
      : []
  return [
    ...(as
      ? []
      : [{ path: [...path, 'to'], message: 'needs `as`, with type, subject and time of the events' }]),
    ...(mappings
      ? [{ path: [...path, 'mappings'], message: 'result in readings: remove them, or `to: events`' }]
      : []),
  ]
}

function eventErrors({ type, subject, time, id }: NonNullable<RawInput['as']>, path: FilePath): PathError[] {
  const own = type.startsWith(OWN_TYPES)
    ? [{ path: [...path, 'type'], message: `types of ${OWN_TYPES}* are Sluice's own: choose another one` }]
    : []
  const ids = toList(id).flatMap(part => sourceErrors(part, 'scalar', [...path, 'id']))
  const subjects = sourceErrors(subject, 'scalar', [...path, 'subject'])
  return [
    ...own,
    ...subjects,
    ...ids,
    ...(typeof time === 'string' ? [] : zoneErrors(time, [...path, 'time'])),
  ]
}

function toInput(
  { topic, cluster: name, mappings, as }: RawInput,
  clusters: NonNullable<RawInputs['clusters']>,
): Input {
  return {
    topic,
    ...(name === undefined ? {} : { cluster: { name, ...clusters[name] } }),
    ...(mappings === undefined ? {} : { mappings }),
    ...(as === undefined ? {} : { as: toInputEvent(topic, as) }),
  }
}

function toInputEvent(
  topic: string,
  { type, subject, time, source = `/inputs/${topic}`, id, schema }: NonNullable<RawInput['as']>,
): InputEvent {
  return {
    type,
    source,
    subject,
    times: [toTime(time)],
    ...(id === undefined ? {} : { id: toList(id) }),
    ...(schema === undefined ? {} : { schema }),
  }
}

function toTime(time: string | RawTime): 'record' | TimeSource {
  if (time === 'record') return 'record'
  const { from, ...rest } = typeof time === 'string' ? { from: time } : time
  return { from: [parsePath(from)], ...rest }
}
