import { createReadStream } from 'node:fs'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { nameOf, requireOwn, textsOf } from '../../lib/operations/state-keys.ts'
import { StateCheckpoints } from '../../packages/runtime/adapters/redis/checkpoint.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { ANY_TEXT, argumentList, command, environment, flag, JSON_OPTION } from '../command.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { carryOut } from '../operation.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { type CheckpointFile, readCheckpoint } from './checkpoint-file.ts'
import { confirm } from './confirm.ts'
import { standingAt } from './log.ts'
import { compareLogs } from './other-log.ts'
import { replaced } from './replaced.ts'

export default command({
  about: `Replace the state of a consumer for a partition with a checkpoint, completely or not at all.

The epoch is increased, so that results that an invocation in flight computes from the old state are rejected. With
its next batch, the consumer continues to read the log from the checkpoint's applied offset. If that is older, records
are processed again, and the events emitted for them have the same ids as before.`,
  more: `
Example:
  sluice state import processor-3.jsonl
  sluice state import whole.jsonl changes-1.jsonl changes-2.jsonl`,
  args: {
    files: argumentList(
      'file from `sluice state export`; or a complete state from the bucket, and the changes that follow it',
      ANY_TEXT,
    ),
  },
  options: {
    force: flag("import a checkpoint that belongs to another log than Kafka's"),
    yes: flag('do not ask for confirmation'),
    json: JSON_OPTION,
    env: environment('of the consumer'),
  },
  async run({ files: names, force, yes, env, json }, terminal) {
    const config = configOf(terminal, env)
    const { stateKey, takenAt, checkpoint } = await filesAt(names, terminal)
    requireOwn(stateKey.topic, config.env)
    await withRedis(config, async (client, connections) => {
      const { another, warning } = compareLogs(
        checkpoint,
        await standingAt(connections, stateKey, checkpoint.version.appliedOffset),
      )
      if (another && !force)
        throw new CliFailure(
          `${names.at(-1)} is a checkpoint of another log than ${stateKey.topic}/${stateKey.partition}: ${another}. Nothing was changed. ` +
            'To import it anyway, add --force.',
        )
      const { version, entities } = await new StateInspection(client).summary(stateKey)
      const { appliedOffset } = checkpoint.version
      const lines = [
        ...(another ? [`Another log, but --force: ${another}.`] : []),
        ...(warning ? [warning] : []),
        `${nameOf(stateKey)}: applied offset ${version.appliedOffset} → ${appliedOffset}, entities ${entities} → ${checkpoint.states.size}, as of ${takenAt}`,
      ]
      terminal.stderr.write(`${lines.join('\n')}\n`)
      await confirm('Replace it?', yes, terminal)
      // For another log, remove the digest, because the consumer would stop immediately when it compares it. Also remove the start
      // of the failures, because it refers to the other log.
      const meant = another
        ? { ...checkpoint, appliedDigest: undefined, failuresFromMs: undefined }
        : checkpoint
      const filter = { ...textsOf(stateKey), takenAt, ...(another ? { force: 'yes' } : {}) }
      const { epoch } = await carryOut(connections, { action: 'state import', filter }, async counts => {
        const put = await replaced(new StateCheckpoints(client), stateKey, meant)
        counts.partitions = 1
        counts.entities = checkpoint.states.size
        return put
      })
      if (json) {
        const report = {
          ...stateKey,
          appliedOffsetBefore: version.appliedOffset,
          appliedOffset,
          epoch,
          entities: checkpoint.states.size,
          takenAt,
        }
        return printReport(terminal, report, json, String)
      }
      terminal.stderr.write(
        `Imported, epoch ${epoch}. The next batch of the partition continues to read the log at offset ${appliedOffset + 1}.\n`,
      )
    })
  },
})

function filesAt(names: readonly string[], terminal: Terminal): Promise<CheckpointFile> {
  return readCheckpoint(names.map(name => ({ name, pieces: piecesOf(name, pathIn(terminal, name)) })))
}

async function* piecesOf(name: string, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    throw fileFailure(name, error)
  }
}
