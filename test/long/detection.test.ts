import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '../support/program.ts'
import { ran } from '../unit/cli/terminal.ts'

const SHARED = join(PROJECT, '..', 'shared')
const NAB = join(SHARED, 'data', 'nab')
/** Where the folder is, its files must be, too: a test that is skipped for a wrong path would look at nothing. */
const skip = !existsSync(SHARED) && 'the recorded files are not next to the project'

const PAGE = readFileSync(join(PROJECT, 'docs/detection.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'sluice-detection-'))
after(() => rmSync(folder, { recursive: true }))

const SERIES = [
  {
    file: 'ambient_temperature_system_failure.csv',
    options: ['--metric', 'temperature', '--unit', '°F', '--site', 'nab'],
    rules: 4,
  },
  {
    file: 'rds_cpu_utilization_e47b3b.csv',
    options: ['--family', 'database', '--metric', 'cpuUsagePercent'],
    rules: 4,
  },
]

async function score(file: string, options: readonly string[], ...more: string[]): Promise<string> {
  const stream = join(folder, `${file}.jsonl`)
  const imported = await ran(['import', join(NAB, file), ...options, '--output', stream])
  assert.equal(imported.status, 0, imported.stderr)
  const labels = ['--labels', join(NAB, 'windows.json')]
  const rules = ['--rules', join(PROJECT, 'docs/detection/nab.yaml')]
  const { status, stdout, stderr } = await ran(['rules', 'score', stream, ...labels, ...rules, ...more])
  assert.equal(status, 0, stderr)
  return stdout
}

describe('docs/detection.md', () => {
  for (const { file, options, rules } of SERIES)
    it(`given ${file}, when it is scored, then the page has that table`, { skip }, async () => {
      const [, table = ''] = (await score(file, options)).split('\n\n')
      assert.equal(table.split('\n').length, rules + 2, 'a heading, the rules, and all together')
      assert.ok(PAGE.includes(`\n${table}\n`), `the page does not have\n${table}`)
    })

  it('given the same count by hand, then alerts, windows and delay of a threshold are those', {
    skip,
  }, async () => {
    const [, series] = SERIES
    assert.ok(series)
    const { rules } = JSON.parse(await score(series.file, series.options, '--json'))
    const found = rules.find(({ rule }: { rule: string }) => rule === 'CPU_HIGH')
    const byHand = countedByHand(series.file, 25, 20)
    assert.equal(byHand.alerts, 2)
    assert.deepEqual(
      [found.alerts, found.trueAlerts, found.found, found.delayMs.max],
      [byHand.alerts, byHand.true, byHand.found, byHand.longestMs],
    )
  })
})

/** The alerts of a threshold with another to clear, and the windows that they overlap, in the simplest way. */
function countedByHand(file: string, fireAbove: number, clearBelow: number) {
  const [, ...rows] = readFileSync(join(NAB, file), 'utf8').trim().split('\n')
  const alerts: { from: number; to: number }[] = []
  let open: { from: number; to: number } | undefined
  for (const row of rows) {
    const [time = '', text = ''] = row.split(',')
    const [at, value] = [Date.parse(`${time}Z`), Number(text)]
    if (open) open.to = at
    if (open && value <= clearBelow) open = undefined
    else if (!open && value > fireAbove) {
      open = { from: at, to: at }
      alerts.push(open)
    }
  }
  const all: Record<string, [string, string][]> = JSON.parse(readFileSync(join(NAB, 'windows.json'), 'utf8'))
  const windows = (all[file] ?? []).map(ends => ends.map(end => Date.parse(`${end}Z`)) as [number, number])
  const overlaps = (one: { from: number; to: number }, [from, to]: [number, number]) =>
    one.from <= to && one.to >= from
  const found = windows.filter(window => alerts.some(one => overlaps(one, window)))
  const delays = found.map(window => (alerts.find(one => overlaps(one, window))?.from ?? 0) - window[0])
  return {
    alerts: alerts.length,
    true: alerts.filter(one => windows.some(window => overlaps(one, window))).length,
    found: found.length,
    longestMs: Math.max(...delays),
  }
}
