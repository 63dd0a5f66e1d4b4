import { processorTime, residentBytes } from '../kit/processes.ts'
import { Progress } from '../kit/progress.ts'
import { resumeStreams, startStreams as startProgram } from '../kit/streams/streams.ts'
import { families } from '../kit/vocabulary.ts'
import type { Note } from './noting.ts'
import type { SensorState, Side } from './side.ts'

interface Options {
  readonly classPath: string
  readonly broker: string
  readonly topic: string
  readonly folder: string
  readonly settings?: readonly string[] | undefined
}

/** Starts the statistics in Kafka Streams. A record is noted when its offset is committed, in one transaction with what it changed. */
export async function startStreams(options: Options): Promise<Side> {
  const metrics = Object.keys(families.byName.environment?.metrics ?? {})
  const setup = { ...options, main: 'Statistics', argument: metrics.join() }
  let program = await startProgram(setup)
  const progress = await Progress.open(options.broker)
  const notes: Note[] = []
  let seen = 0
  return {
    async notes() {
      const count = (await progress.committed(program.reader)) - seen
      if (count > 0) notes.push({ atMs: Date.now(), count, ages: [] })
      seen += count
      return notes
    },
    states: async () => new Map(Object.entries<SensorState>(JSON.parse(await program.ask()))),
    processorMs: () => processorTime([program.group]),
    memoryBytes: async () => (await residentBytes([program.group])) ?? Number.NaN,
    failed: () => (program.hasEnded() ? 'Kafka Streams ended' : undefined),
    kill: () => program.kill(),
    async resume() {
      program = await resumeStreams(setup)
    },
    async stop() {
      await progress.close()
      await program.stop()
    },
  }
}
