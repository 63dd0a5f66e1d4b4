/** Formats the result of a test as text. */
import type { Difference, ShownNotification, TestResult } from '../../lib/operations/rule-tests/run.ts'

/** Returns one line if the test passed, otherwise one line for each expectation that was not met. */
export function resultText({ file, line, name, passed, differences }: TestResult): string {
  const head = `${passed ? 'ok  ' : 'FAIL'}  ${file}:${line}  ${name}`
  return [head, ...differences.flatMap(linesOf).map(one => `        ${one}`)].join('\n')
}

function linesOf(difference: Difference): readonly string[] {
  switch (difference.kind) {
    case 'state': {
      const { line, after, rule, entity, expected, actual } = difference
      return [`line ${line}: after observation ${after}, ${rule} of ${entity} is ${actual}, not ${expected}`]
    }
    case 'refused':
      return [`observation ${difference.observation} was refused: ${difference.message}`]
    case 'notifications':
      return [
        'notifications differ (- expected, + sent):',
        ...sideBySide(difference.expected, difference.actual),
      ]
  }
}

function sideBySide(
  expected: readonly ShownNotification[],
  actual: readonly ShownNotification[],
): readonly string[] {
  const [before, after] = [expected.map(one), actual.map(one)]
  const length = Math.max(before.length, after.length)
  return Array.from({ length }, (_, index) => index).flatMap(index => {
    const [wanted, sent] = [expected[index], actual[index]]
    if (wanted && sent && isAlike(wanted, sent)) return [`  ${after[index]}`]
    return [...(wanted ? [`- ${before[index]}`] : []), ...(sent ? [`+ ${after[index]}`] : [])]
  })
}

function isAlike(wanted: ShownNotification, sent: ShownNotification): boolean {
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(sent[key]) === JSON.stringify(value))
}

function one({ at, rule, kind, ...others }: ShownNotification): string {
  const more = Object.entries(others).map(
    ([key, value]) => `, ${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return `${at} ${rule} ${kind}${more.join('')}`
}
