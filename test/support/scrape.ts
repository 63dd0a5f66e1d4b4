/** Reads a scrape as Prometheus does (text format 0.0.4), and refuses what it or `promtool check metrics` refuses. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\S+)$`,
)
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

export function readScrape(text: string): readonly Series[] {
  assert.ok(text.endsWith('\n'), 'the last line ends')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const seen = new Set<string>()
  const series = text.split('\n').flatMap((line): Series[] => {
    if (line === '') return []
    const [, word, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (word === 'HELP') {
      assert.ok(!helped.has(about), `${about} is explained once`)
      helped.add(about)
      return []
    }
    if (word === 'TYPE') {
      assert.ok(!types.has(about) && ['gauge', 'counter'].includes(rest), line)
      types.set(about, rest)
      return []
    }
    const [, name = '', labelsText = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`)
    assert.ok(helped.has(name), `${name} has a help text`)
    assert.equal(types.get(name) === 'counter', name.endsWith('_total'), `${name} is named as its type`)
    const labels = Object.fromEntries(
      [...labelsText.matchAll(LABEL)].map(([, label = '', text = '']) => [
        label,
        text.replaceAll(/\\[\\"n]/g, escaped => ESCAPES[escaped] ?? ''),
      ]),
    )
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`
    assert.ok(!seen.has(key), `twice: ${line}`)
    seen.add(key)
    assert.ok(Number.isFinite(Number(value)), line)
    return [{ name, labels, value: Number(value) }]
  })
  checkWithPromtool(text)
  return series
}

/** Lets `promtool` judge, on a machine that has it. */
function checkWithPromtool(text: string): void {
  try {
    execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      assert.fail(String((error as { stderr?: Buffer }).stderr ?? error))
  }
}
