/**
 * Program that `sluice skip` starts to try records. It processes them like the function, but does not change anything. If a record
 * makes the function hang or exit, it has the same effect on this program. Before each record, the program writes the record's
 * position to file descriptor 3, so that `sluice skip` can determine at which record it stopped.
 */
import { writeSync } from 'node:fs'
import { readConfig } from '../../lib/app/config.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { type AnyKeyedProcess, type Consumer, keepsStates } from '../../packages/runtime/pipeline/consumer.ts'
import { type Backlog, tryChunk } from '../../packages/runtime/pipeline/deciding/try-chunk.ts'
import { anyConsumerNamed } from '../reprocess/consumer.ts'
import { type Attempt, IDLE, lineOf, PROGRESS } from './progress.ts'

async function attempt({ consumer: name, backlogs, aside }: Attempt): Promise<void> {
  const consumer = await anyConsumerNamed(name, process.env)
  if (!keepsStates(consumer))
    throw new Error(
      `${name} delivers to a receiver, so its records cannot be tried here. Find the record in the log of the function, and specify it.`,
    )
  const connections = new Connections(readConfig(process.env), 'sluice-skip')
  const log = await connections.log()
  const live = new RedisStateStore(await connections.redis())
  const tried = (backlog: Backlog) => {
    const found = aside.filter(({ partition }) => partition === backlog.partition)
    const load: typeof live.load = async (stateKey, wanted) => {
      const snapshot = await live.load(stateKey, wanted)
      const digests = found.map(({ offset, digest }) => [offset, digest] as const)
      return { ...snapshot, skipped: new Map([...(snapshot.skipped ?? []), ...digests]) }
    }
    return tryChunk(consumer as Consumer<AnyKeyedProcess>, { store: { load }, log }, backlog, record =>
      writeSync(PROGRESS, lineOf(record)),
    )
  }
  for (const backlog of backlogs) {
    await tried(backlog)
    writeSync(PROGRESS, `${IDLE}\n`)
  }
}

try {
  await attempt(JSON.parse(process.argv[2] ?? '') as Attempt)
  process.exit(0)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`, () => process.exit(1))
}
