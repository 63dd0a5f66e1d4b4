import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readFunctions } from '../control/environment/function-entries.ts'
import { LOCAL } from '../scripts/paths.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { type Bundles, packaged } from './start/bundles.ts'
import { createStartTopic, type Start, startFunction } from './start/starts.ts'

// `npm run bench:start`: the size of each function's bundle as `serverless package` makes it, and the time that it takes in
// its own process until it is loaded and until the first record is processed, compared with an empty handler.

const MORE_MS = 60

await runBenchmark({
  usage: `npm run bench:start -- [options]
  --only NAME     one function`,
  rounds: 15,
  async *measure(run) {
    // Functions of inputs are packaged only where there are inputs.
    const names = readFunctions()
      .filter(({ uses }) => !uses.includes('inputs'))
      .map(({ name }) => name)
      .filter(name => run.wants(name))
    // Inside the project, so that the bundles find the AWS SDK.
    const room = await mkdtemp(join(LOCAL, 'bench-start-'))
    try {
      run.say('packaging')
      const bundles = await packaged(names, room)
      for (const [name, { all, atStart }] of bundles.sizes) {
        yield { name: `start/${name}, bundle`, unit: 'KiB', rounds: [all / 1024], worse: 'higher' }
        yield { name: `start/${name}, read at start`, unit: 'KiB', rounds: [atStart / 1024], worse: 'higher' }
      }
      yield* await compared(names, bundles, run)
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

async function compared(names: readonly string[], bundles: Bundles, run: Run): Promise<Figure[]> {
  return withServers(run.signal, async servers => {
    await createStartTopic(servers)
    const starts = new Map<string, Start[]>(['empty', ...names].map(name => [name, []]))
    // The first round loads the files into the system's cache and does not count.
    for (let round = 0; round <= run.rounds; round += 1)
      for (const [name, found] of starts) {
        run.signal.throwIfAborted()
        const start = await startFunction(name, bundles.getFile(name), servers)
        if (round > 0) found.push(start)
        run.say(`round ${round}  ${name.padEnd(12)} ${start.loadedMs.toFixed(0)} ms, ${describeFirst(start)}`)
      }
    return listFigures(starts)
  })
}

function describeFirst({ firstMs }: Start): string {
  return firstMs === undefined ? 'loaded only' : `first record ${firstMs.toFixed(0)} ms`
}

function listFigures(starts: ReadonlyMap<string, readonly Start[]>): Figure[] {
  const empty = starts.get('empty') ?? []
  const more = (own: readonly Start[], key: keyof Start) =>
    own.flatMap((start, round) => {
      const [ours, theirs] = [start[key], empty[round]?.[key]]
      return ours === undefined || theirs === undefined ? [] : [ours - theirs]
    })
  return [...starts].flatMap(([name, own]) => {
    if (name === 'empty')
      return [{ name: 'start/empty, loaded', unit: 'ms', rounds: own.map(({ loadedMs }) => loadedMs) }]
    const loaded = aimed(
      `start/${name}, loaded, more than empty`,
      'ms',
      { atMost: MORE_MS },
      more(own, 'loadedMs'),
    )
    const first = more(own, 'firstMs')
    if (first.length === 0) return [loaded]
    return [
      loaded,
      aimed(`start/${name}, first record, more than empty`, 'ms', { atMost: MORE_MS }, first),
      {
        name: `start/${name}, first record alone, more than empty`,
        unit: 'ms',
        rounds: more(own, 'laterMs'),
        worse: 'higher' as const,
      },
    ]
  })
}
