import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { describe, test } from 'node:test'
import {
  ACTIVITY_CHANGED_TYPE,
  DEVICE_FALLEN_TYPE,
  INSTANCE_RESTARTED_TYPE,
  SENSOR_RETURNED_TYPE,
  SENSOR_SILENT_TYPE,
} from '../../../lib/activity/process.ts'
import { ALERT_ACKNOWLEDGED_TYPE } from '../../../lib/alerting/acknowledged.ts'
import { RULES_ACTIVATED_TYPE } from '../../../lib/alerting/activated-type.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../../../lib/alerting/alert.ts'
import { PATTERN_EVENT_TYPE } from '../../../lib/alerting/patterns/pattern-event.ts'
import { MINUTE_TYPE } from '../../../lib/analytics/process.ts'
import { AUDIT_TYPE } from '../../../lib/audit.ts'
import {
  DEAD_LETTER_TYPE,
  DEAD_LETTERS_HANDLED_TYPE,
  FAILURE_ENDED_TYPE,
  FAILURE_TYPE,
  RETRY_TYPE,
} from '../../../lib/failures/event-types.ts'
import { INHIBITION_CHANGED_TYPE } from '../../../lib/notification/inhibition.ts'
import { NOTIFICATION_TYPE } from '../../../lib/notification/notification.ts'
import { ALERT_ROUTED_TYPE } from '../../../lib/notification/routed-alert.ts'
import { SILENCES_CHANGED_TYPE } from '../../../lib/notification/silences-changed.ts'
import { ENTITY_ERASED_TYPE } from '../../../lib/telemetry/erasure.ts'
import { FAMILIES, READING_TYPES } from '../../../lib/telemetry/families.ts'
import { TICK_TYPE } from '../../../lib/telemetry/tick.ts'
import { GENERATED } from '../../../schemas/compile.ts'
import validators from '../../../schemas/compiled.js'

const SCHEMAS = new URL('../../../schemas/', import.meta.url)
const TYPES = [
  ...READING_TYPES,
  TICK_TYPE,
  ENTITY_ERASED_TYPE,
  RULES_ACTIVATED_TYPE,
  FAILURE_TYPE,
  RETRY_TYPE,
  DEAD_LETTER_TYPE,
  DEAD_LETTERS_HANDLED_TYPE,
  FAILURE_ENDED_TYPE,
  AUDIT_TYPE,
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  ALERT_ACKNOWLEDGED_TYPE,
  NOTIFICATION_TYPE,
  ALERT_ROUTED_TYPE,
  SILENCES_CHANGED_TYPE,
  INHIBITION_CHANGED_TYPE,
  PATTERN_EVENT_TYPE,
  MINUTE_TYPE,
  ACTIVITY_CHANGED_TYPE,
  DEVICE_FALLEN_TYPE,
  INSTANCE_RESTARTED_TYPE,
  SENSOR_RETURNED_TYPE,
  SENSOR_SILENT_TYPE,
].sort()

const nameOf = (type: string) => type.replace(/^io\.sluice\./, '')
const textOf = (path: string) => readFileSync(new URL(path, SCHEMAS), 'utf8')

interface JsonSchema {
  readonly $id: string
  readonly type: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}
const jsonOf = (type: string): JsonSchema => JSON.parse(textOf(`json/${nameOf(type)}.json`))

interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly fields: readonly { readonly name: string; readonly type: unknown; readonly default?: null }[]
}
const avroOf = (type: string): AvroRecord => JSON.parse(textOf(`avro/${nameOf(type)}.avsc`))

interface ProtoField {
  readonly name: string
  readonly number: number
}

/** Message → its fields. Enough of the language for files that hold messages of plain fields. */
function protoMessages(text: string): Map<string, ProtoField[]> {
  const messages = text.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)
  return new Map([...messages].map(([, name = '', body = '']) => [name, protoFields(body)]))
}

function protoFields(body: string): ProtoField[] {
  const fields = body.matchAll(/^ {2}(optional |repeated )?(map<string, \w+>|\w+) (\w+) = (\d+);$/gm)
  return [...fields].map(([, , , name = '', number]) => ({
    // Protobuf's own JSON mapping: lowerCamelCase.
    name: name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    number: Number(number),
  }))
}

describe('given the event types of the code', () => {
  for (const [folder, extension] of [
    ['json', '.json'],
    ['avro', '.avsc'],
    ['protobuf', '.proto'],
  ] as const) {
    test(`then ${folder} has one schema for each, and no other`, () => {
      const files = readdirSync(new URL(folder, SCHEMAS))
      assert.ok(files.every(file => extname(file) === extension))
      assert.deepEqual(files.map(file => `io.sluice.${basename(file, extension)}`).sort(), TYPES)
    })
  }

  test('then each has a compiled check', () => {
    assert.deepEqual(Object.keys(validators).sort(), TYPES)
  })

  test('then each family’s dataschema is the $id of its schema, and its metrics are properties', () => {
    for (const { type, dataschema, metrics, bounds, states } of Object.values(FAMILIES)) {
      const schema = jsonOf(type)
      assert.equal(schema.$id, dataschema)
      for (const metric of Object.keys(metrics)) {
        const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } =
          schema.properties?.[metric] ?? {}
        const [least, most] = bounds[metric] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        assert.ok(schema.properties?.[metric], metric)
        assert.deepEqual([minimum, maximum], [least, most], metric)
      }
      for (const [state, words] of Object.entries(states))
        assert.deepEqual(schema.properties?.[state]?.enum ?? null, words, state)
    }
  })
})

for (const type of TYPES) {
  describe(`given ${type}`, () => {
    const avro = avroOf(type)
    const proto = protoMessages(textOf(`protobuf/${nameOf(type)}.proto`))

    test('then its Avro and Protobuf names follow from the type', () => {
      const space = type.replaceAll('-', '_')
      assert.equal(avro.namespace, space)
      assert.match(textOf(`protobuf/${nameOf(type)}.proto`), new RegExp(`^package ${space};$`, 'm'))
      assert.equal([...proto.keys()][0], avro.name)
    })

    test('then field numbers count up from 1 in every message', () => {
      for (const fields of proto.values()) {
        assert.ok(fields.length > 0)
        assert.deepEqual(
          fields.map(({ number }) => number),
          fields.map((_, index) => index + 1),
        )
      }
    })
  })
}

test('given the schemas, when they are compiled, then the module that is kept is what comes out', async () => {
  assert.ok(GENERATED.length >= 7)
  // Not `equal`: the difference of two such texts tells nobody anything.
  for (const [compiled, make] of GENERATED)
    assert.ok(readFileSync(compiled, 'utf8') === (await make()), 'run `node schemas/compile.ts`')
})

test('given the compiled module alone, where nothing can be imported, then its checks run', async () => {
  const { default: alone } = await import(`data:text/javascript,${encodeURIComponent(textOf('compiled.js'))}`)
  assert.equal(alone['io.sluice.device.motion.v1']({ deviceId: 'd', model: 'm', x: 1 }), true)
  assert.equal(alone['io.sluice.device.motion.v1']({ deviceId: '', model: 'm', x: 1 }), false)
})
