import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exists, fileFailure } from '../../lib/operations/file-failure.ts'
import { nameOf, ownTopicOf, stateKeysOf } from '../../lib/operations/state-keys.ts'
import { ATTEMPTS, StateCheckpoints } from '../../packages/runtime/adapters/redis/checkpoint.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import {
  argument,
  command,
  environment,
  flag,
  NATURAL,
  option,
  optionWithDefault,
  requiredOption,
  SOME_TEXT,
} from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { type CheckpointFile, linesOf } from './checkpoint-file.ts'
import { boundsOf } from './log.ts'

export default command({
  about: `Write the state of a consumer for a partition to a file: a checkpoint.

The file is consistent although the consumer continues: a partition state that changes during the reading is read
again. It contains states and events unchanged: protect it like the data itself.`,
  more: `
Examples:
  sluice state export processor --partition 3 --to processor-3.jsonl
  sluice state export processor --all-partitions --to checkpoints`,
  args: {
    consumer: argument('name of the consumer in serverless.yml', SOME_TEXT),
  },
  options: {
    to: requiredOption(
      '<file>',
      'new file, or "-" for standard output; with --all-partitions a folder',
      SOME_TEXT,
    ),
    topic: optionWithDefault(
      '<topic>',
      'signal, such as readings or failures, or full name of a topic',
      SOME_TEXT,
      'readings',
    ),
    partition: option('<n>', 'which one', NATURAL),
    allPartitions: flag('export each partition to a separate file'),
    json: flag('print the result as one JSON document; not with --to "-"'),
    env: environment('to look at'),
  },
  async run({ to, env, json, allPartitions, ...wanted }, terminal) {
    if ((wanted.partition === undefined) !== allPartitions)
      throw usageFailure('Specify one partition with --partition, or use --all-partitions.')
    if (allPartitions && to === '-')
      throw usageFailure('--all-partitions needs a folder: --to "-" is one stream.')
    if (json && to === '-')
      throw usageFailure(
        '--json prints to standard output, which receives the checkpoint: specify a file with --to.',
      )
    const config = configOf(terminal, env)
    await withRedis(config, async (client, connections) => {
      const checkpoints = new StateCheckpoints(client)
      const topic = ownTopicOf(wanted, config.env)
      const bounds = await boundsOf(connections, topic)
      const stateKeys = stateKeysOf(
        wanted,
        config.env,
        typeof bounds === 'string' ? undefined : bounds.length,
      )
      const written: Exported[] = []
      const filter = { consumer: wanted.consumer, topic, partition: String(wanted.partition ?? 'all') }
      await carryOut(connections, { action: 'state export', filter }, async counts => {
        for (const stateKey of stateKeys) {
          if (terminal.stop.aborted) return
          const file = await taken(checkpoints, stateKey)
          // If all partitions are exported, skip partitions that have no state.
          if (file === undefined && allPartitions) continue
          if (file === undefined)
            throw new CliFailure(
              `There is nothing to export for ${nameOf(stateKey)}: check the consumer's name, --topic, --partition and --env.`,
            )
          const name = allPartitions
            ? join(to, `${stateKey.consumer}-${stateKey.topic}-${stateKey.partition}.jsonl`)
            : to
          await write(file, name, terminal)
          const { version, states } = file.checkpoint
          const { appliedOffset, epoch } = version
          counts.partitions = (counts.partitions ?? 0) + 1
          counts.entities = (counts.entities ?? 0) + states.size
          written.push({ ...stateKey, appliedOffset, epoch, entities: states.size, file: name })
          if (!json)
            terminal.stderr.write(
              `Exported ${nameOf(stateKey)} at applied offset ${appliedOffset}, epoch ${epoch}: ${states.size} entities\n`,
            )
        }
        if (written.length === 0)
          throw new CliFailure(
            `There is nothing to export for ${wanted.consumer} on ${topic}: check its name, --topic and --env.`,
          )
      })
      if (terminal.stop.aborted) return
      if (json) printReport(terminal, written, json, String)
    })
  },
})

interface Exported extends StateKey {
  readonly appliedOffset: number
  readonly epoch: number
  readonly entities: number
  readonly file: string
}

/** Takes a checkpoint of a partition state; undefined if the state has never been written. */
async function taken(checkpoints: StateCheckpoints, stateKey: StateKey): Promise<CheckpointFile | undefined> {
  const checkpoint = await checkpoints.take(stateKey)
  if (checkpoint === 'moving')
    throw new CliFailure(
      `${nameOf(stateKey)} changed during each of ${ATTEMPTS} attempts, so it was not exported. Export it when there is less traffic, or disable ` +
        'the event source mapping of the consumer meanwhile; its records wait in Kafka.',
    )
  const { appliedOffset, epoch } = checkpoint.version
  return appliedOffset < 0 && epoch === 0
    ? undefined
    : { stateKey, takenAt: new Date().toISOString(), checkpoint }
}

/** Writes the checkpoint atomically. */
async function write(file: CheckpointFile, to: string, terminal: Terminal): Promise<void> {
  const lines = Readable.from(linesOf(file))
  if (to === '-') return pipeline(lines, terminal.stdout, { end: false })
  const path = pathIn(terminal, to)
  const partial = `${path}.part`
  try {
    if (await exists(path)) throw usageFailure(`${to} already exists: choose another file.`)
    const target = await open(partial, 'w', 0o600)
    await pipeline(lines, target.createWriteStream({ flush: true }))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    throw fileFailure(to, error)
  }
}
