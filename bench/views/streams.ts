import { processorTime, residentBytes } from '../kit/processes.ts'
import { startStreams as startProgram } from '../kit/streams/streams.ts'
import type { Side, TableKind } from './side.ts'

/** Starts the table in Kafka Streams on a topic, from its beginning. */
export async function startStreams(options: {
  readonly classPath: string
  readonly broker: string
  readonly topic: string
  readonly folder: string
  readonly kind: TableKind
}): Promise<Side> {
  const { kind, ...place } = options
  const program = await startProgram({ ...place, main: 'Streams', argument: kind })
  const groups = [program.group]
  return {
    groups: [program.reader],
    processorMs: () => processorTime(groups),
    memoryBytes: async () => (await residentBytes(groups)) ?? Number.NaN,
    total: async () => Number(await program.ask()),
    stop: program.stop,
  }
}
