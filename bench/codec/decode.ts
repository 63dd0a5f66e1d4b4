import assert from 'node:assert/strict'
import { type CloudEvent, Kafka as Sdk } from 'cloudevents'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { ContentMode } from '../../packages/runtime/cloudevents/writer.ts'
import { toLogRecord } from '../../packages/runtime/pipeline/batch/receive.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import { microseconds } from './cost.ts'
import { type Forms, formsOf, messageOf, readings, type SdkMessage } from './records.ts'

const MODES: readonly ContentMode[] = ['binary', 'structured']
const TICKS = 200
/** A side reads so many records before the other one has its turn. */
const TURNS = 40

interface Case {
  readonly name: string
  readonly own: (forms: Forms) => unknown
  readonly sdk: (forms: Forms) => unknown
}

const CASES: readonly Case[] = [
  {
    name: 'a record of a Lambda event',
    own: ({ lambda }) => readEvent(toLogRecord(lambda)),
    sdk: ({ lambda }) => toEvent(messageOfLambda(lambda)),
  },
  {
    name: 'a record of a client',
    own: ({ record }) => readEvent(record),
    sdk: ({ record }) => toEvent(messageOf(record)),
  },
  {
    name: 'a record of a client, strings made before for the SDK',
    own: ({ record }) => readEvent(record),
    sdk: ({ message }) => toEvent(message),
  },
]

/** The cost of reading an event, beside that of the CloudEvents SDK, which checks almost nothing. */
export async function* decode(run: Run): AsyncGenerator<Figure> {
  for (const mode of MODES) {
    const records = formsOf(readings(run.quick ? TICKS / 4 : TICKS), mode)
    for (const one of CASES) {
      requireSame(one, records)
      yield* compared(`codec/decode ${mode}, ${one.name}`, one, records, run)
    }
  }
}

function* compared(what: string, { own, sdk }: Case, records: readonly Forms[], run: Run): Generator<Figure> {
  const costs: { own: number[]; sdk: number[] } = { own: [], sdk: [] }
  // The first round compiles the code and does not count.
  for (let round = 0; round <= run.rounds; round += 1) {
    run.signal.throwIfAborted()
    const [ownCost = 0, sdkCost = 0] = inTurns([own, sdk], records)
    run.say(
      `${round === 0 ? 'warm-up' : `round ${round}`}  ${what}  ${ownCost.toFixed(2)} and ${sdkCost.toFixed(2)} µs`,
    )
    if (round === 0) continue
    costs.own.push(ownCost)
    costs.sdk.push(sdkCost)
  }
  yield { name: what, unit: 'µs', rounds: costs.own, worse: 'higher' }
  yield { name: `${what}, Kafka.toEvent`, unit: 'µs', rounds: costs.sdk }
  const ratios = costs.sdk.map((cost, round) => cost / (costs.own[round] as number))
  yield aimed(`${what}, against Kafka.toEvent`, '×', { atLeast: 1 }, ratios)
}

/** Microseconds a record on each side. The sides take turns, so that what slows the machine slows both. */
function inTurns(sides: readonly ((forms: Forms) => unknown)[], records: readonly Forms[]): number[] {
  const took = sides.map(() => 0)
  for (let turn = 0; turn < TURNS; turn += 1)
    for (const [index, side] of sides.entries())
      took[index] = (took[index] as number) + microseconds(() => records.forEach(side))
  return took.map(sum => sum / (TURNS * records.length))
}

/** A side that does not read the events would be fast. */
function requireSame({ own, sdk }: Case, records: readonly Forms[]): void {
  for (const forms of records) {
    const read = own(forms) as ReturnType<typeof readEvent>
    const event = sdk(forms) as CloudEvent<unknown>
    assert.ok(!isFailure(read))
    const { id, source, type, subject, data } = read
    assert.deepEqual(
      [id, source, type, subject, data],
      [event.id, event.source, event.type, event.subject, event.data],
    )
  }
}

function messageOfLambda({ key, value, headers = [] }: Forms['lambda']): SdkMessage {
  const texts: Record<string, string> = {}
  for (const entry of headers)
    for (const name in entry) texts[name] = Buffer.from(entry[name] as number[]).toString()
  return {
    key: Buffer.from(String(key), 'base64').toString(),
    value: Buffer.from(String(value), 'base64'),
    body: null,
    headers: texts,
  }
}

function toEvent(message: SdkMessage): unknown {
  return Sdk.toEvent(message as unknown as Parameters<typeof Sdk.toEvent>[0])
}
