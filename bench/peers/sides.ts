import { join } from 'node:path'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import type { Note } from './noting.ts'
import { Readings } from './readings.ts'
import { startRestate } from './restate.ts'
import { type Side, untilNoted, verify } from './side.ts'
import { startSluice } from './sluice.ts'
import { startStreams } from './streams.ts'

export const SIDES = ['restate', 'streams', 'sluice'] as const
export type SideName = (typeof SIDES)[number]

/** Names for reports. */
export const TITLES = { restate: 'Restate', streams: 'Kafka Streams', sluice: 'Sluice' } as const

export interface Setup extends Servers {
  readonly handler: string
  readonly installed: string
  readonly room: string
  /** Class path of Kafka Streams. */
  readonly classPath: string
  /** Further variables of Sluice's function. */
  readonly environment?: Readonly<Record<string, string>>
  /** Further settings of Kafka Streams. */
  readonly settings?: readonly string[]
}

/** Time limit for a side to apply what was sent. */
export const WITHIN_MS = 10 * 60_000

/** All sides alternately, so that other load on the machine affects all. */
export async function inTurn<const Name>(
  names: readonly Name[],
  { rounds, signal }: Run,
  measure: (name: Name, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round += 1)
    for (const name of names) {
      signal.throwIfAborted()
      await measure(name, round)
    }
}

export async function withReadings<T>(
  { broker }: Setup,
  env: string,
  use: (readings: Readings) => Promise<T>,
): Promise<T> {
  const readings = await Readings.open(broker, env)
  try {
    return await use(readings)
  } finally {
    await readings.close()
  }
}

/** Runs one side on the topic of the readings. There is no figure unless its stored states equal the readings in the end. */
export async function withSide<T>(
  name: SideName,
  readings: Readings,
  measure: (side: Side) => Promise<T>,
  setup: Setup,
  { signal }: Run,
): Promise<T> {
  const side = await start(name, readings, setup, signal)
  try {
    const result = await measure(side)
    await verify(side, readings.expected, signal)
    return result
  } finally {
    await side.stop()
  }
}

function start(name: SideName, { env, topic }: Readings, setup: Setup, signal: AbortSignal): Promise<Side> {
  const { broker, redisUrl, handler, installed, classPath, room, environment, settings } = setup
  const folder = join(room, env)
  if (name === 'restate') return startRestate({ installed, broker, topic, folder, signal })
  if (name === 'streams') return startStreams({ classPath, broker, topic, folder, settings })
  return startSluice({ handler, broker, redisUrl, env, folder, environment })
}

/** Waits until a side has applied this many records. */
export function noted(side: Side, count: number, { signal }: Run): Promise<readonly Note[]> {
  return untilNoted(side, count, { withinMs: WITHIN_MS, signal })
}
