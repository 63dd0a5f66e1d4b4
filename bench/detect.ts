import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { ensureInstalled, pythonPackages } from '#local-servers/install'
import { judge, type Learned, THRESHOLDS } from '../lib/alerting/anomaly/detector.ts'
import { readOptions } from '../scripts/command-line.ts'
import { LOCAL, PYTHON_LOCKS } from '../scripts/paths.ts'
import { runMain } from '../scripts/run-main.ts'

// `npm run bench:detect -- --nab DIR`: how well `anomaly` detects on the Numenta Anomaly Benchmark, by the benchmark's own scorer. DIR
// is a checkout of github.com/numenta/NAB, which stays as it is. Its timestamps have no zone and are read as UTC.

const SETTINGS = { threshold: THRESHOLDS.medium, day: true, week: true }
const PYTHON = join(LOCAL, 'python', 'nab')
const OPTIONS = {
  nab: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

await runMain({
  readOptions(args) {
    const options = readOptions('npm run bench:detect', args, OPTIONS)
    return options.help ? undefined : options
  },
  usage: `npm run bench:detect -- --nab DIR [--json FILE]
  --nab DIR    checkout of github.com/numenta/NAB
  --json FILE  writes the figures to this file`,
  async run({ nab, json }, signal) {
    if (nab === undefined) throw new Error('give the checkout of NAB with --nab DIR')
    const folder = await mkdtemp(join(tmpdir(), 'bench-detect-'))
    try {
      const files = Object.keys(
        JSON.parse(await readFile(join(nab, 'labels', 'combined_windows.json'), 'utf8')),
      )
      const { readings, seconds, bytes } = await detect(nab, files, folder)
      console.log(
        `${files.length} files, ${readings} readings, ${((seconds / readings) * 1e6).toFixed(1)} µs of processor time each, state of at most ${bytes} bytes`,
      )
      const figures = await scored(nab, folder, signal)
      console.table(figures)
      if (json) await writeFile(json, `${JSON.stringify(figures, undefined, 2)}\n`)
      return 0
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

/** Writes a file of results for each file of the benchmark. */
async function detect(nab: string, files: readonly string[], folder: string) {
  let [readings, seconds, bytes] = [0, 0, 0]
  for (const file of files) {
    const rows = (await readFile(join(nab, 'data', file), 'utf8')).trim().split(/\r?\n/).slice(1)
    const series = rows.map(row => row.split(',')).map(([at = '', value]) => [at, Number(value)] as const)
    const before = process.cpuUsage().user
    const { scores, largest } = computeScores(series)
    seconds += (process.cpuUsage().user - before) / 1e6
    readings += series.length
    bytes = Math.max(bytes, largest)
    const lines = series.map(([at, value], index) => `${at},${value},${scores[index]},0`)
    const to = join(folder, 'sluice', dirname(file), `sluice_${file.slice(dirname(file).length + 1)}`)
    await mkdir(dirname(to), { recursive: true })
    await writeFile(to, `timestamp,value,anomaly_score,label\n${lines.join('\n')}\n`)
  }
  return { readings, seconds, bytes }
}

/** Each anomaly is reported once, so only its first reading has the score. Late readings have none. */
function computeScores(series: readonly (readonly [at: string, value: number])[]) {
  let state: Learned | undefined
  let largest = 0
  const scores = series.map(([at, value], index) => {
    const timeMs = Date.parse(`${at.slice(0, 19).replace(' ', 'T')}Z`)
    const { state: next, score = 0, isNew } = judge(SETTINGS, state, timeMs, value)
    state = next
    if (index % 500 === 0) largest = Math.max(largest, JSON.stringify(state).length)
    return isNew || score < SETTINGS.threshold ? score : 0
  })
  return { scores, largest }
}

/** Runs the optimizer and the scorer of the benchmark, with their parameters as they are. */
async function scored(nab: string, folder: string, signal: AbortSignal): Promise<unknown> {
  const packages = {
    service: 'aws',
    title: 'pandas for NAB',
    lock: join(PYTHON_LOCKS, 'nab.txt'),
    dir: PYTHON,
  } as const
  await ensureInstalled(pythonPackages(packages), { signal })
  await cp(join(nab, 'results', 'null'), join(folder, 'null'), { recursive: true })
  const script = join(import.meta.dirname, 'detect', 'score.py')
  const env = { ...process.env, PYTHONPATH: nab, PYTHONDONTWRITEBYTECODE: '1' }
  const { stdout } = await promisify(execFile)(join(PYTHON, 'bin', 'python'), [script, nab, folder], {
    signal,
    env,
  })
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1))
}
