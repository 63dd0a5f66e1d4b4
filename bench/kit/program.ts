import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import process from 'node:process'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { describeFailure } from '../../localstack/failure.ts'
import { StopRequested, stopRequest } from '../../localstack/stop-request.ts'
import { type Figure, type Report, slower, table } from './figures.ts'

/** What every benchmark is told. */
export interface Run {
  readonly rounds: number
  /** A short look: fewer and smaller rounds, whose figures are rough. */
  readonly quick: boolean
  /** Wants the part of the benchmark by this name. */
  readonly wants: (part: string) => boolean
  readonly say: (line: string) => void
  /** Notes that figures are missing: the others are still shown, and the program fails at its end. */
  readonly missed: (what: string) => void
  /** The options that say how much is measured, for another program. */
  readonly handedOn: readonly string[]
  readonly signal: AbortSignal
}

interface Benchmark {
  readonly usage: string
  /** Where nobody says how many; each benchmark has its own number otherwise. */
  readonly rounds?: number
  readonly measure: (run: Run) => AsyncIterable<Figure>
}

const OPTIONS = {
  rounds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  json: { type: 'string' },
  compare: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig

const COMMON = `  --rounds N      rounds of each side; medians are compared
  --quick         a short look: small rounds, rough figures
  --json FILE     writes the figures of every round there
  --compare FILE  says what became worse since that file was written by more than the spread`

/** The whole of a benchmark's program: options, progress, the table, the file. */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  // What waits for a server or a program does not keep the process alive by itself.
  const alive = setInterval(() => {}, 60_000)
  process.exitCode = await main(benchmark).catch(error => {
    if (error instanceof StopRequested) return 130
    console.error(describeFailure(error))
    return 1
  })
  clearInterval(alive)
  // The channel to the bootstrap would keep this process alive.
  if (process.connected) process.disconnect()
}

async function main({ usage, rounds = 1, measure }: Benchmark): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    console.log(`${usage}\n${COMMON}`)
    return 0
  }
  // Before anything is measured: a wrong name should not cost half an hour.
  const before = values.compare === undefined ? undefined : await readReport(values.compare)
  const { only } = values
  const figures: Figure[] = []
  const missing: string[] = []
  const run: Run = {
    rounds: Number(values.rounds ?? (values.quick ? 2 : rounds)),
    quick: values.quick,
    wants: part => only === '' || only === part,
    say: line => console.log(line),
    missed: what => missing.push(what),
    handedOn: [...(values.rounds ? ['--rounds', values.rounds] : []), ...(values.quick ? ['--quick'] : [])],
    signal: stopRequest(),
  }
  for await (const figure of measure(run)) figures.push(figure)
  if (figures.length === 0 && missing.length === 0) throw new Error(`nothing is called "${only}"`)
  const report: Report = { date: new Date().toISOString(), machine: machine(), figures }
  console.log(`\n${report.machine}\n${table(figures)}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
  if (before) console.log(`\n${slower(before.figures, figures)}`)
  for (const what of missing) console.error(`MISSING: ${what}`)
  return missing.length > 0 ? 1 : 0
}

async function readReport(file: string): Promise<Report> {
  return JSON.parse(await readFile(file, 'utf8'))
}

function machine(): string {
  return `${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`
}
