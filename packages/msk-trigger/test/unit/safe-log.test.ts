import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { safeLog } from '../../support/safe-log.ts'

describe('a line of the log', () => {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const safe = safeLog({ notice: log, warning: log, error: log })

  for (const [what, text, expected] of [
    ['stacks', 'failed: no\n  File "a.py"\n    at f (a.js:1)', undefined],
    ['tabs and letters of any language', 'ü\t日本 👩‍🔧 ← 0@3–5', undefined],
    ['further lines', 'x\nmsk  ready\n msk', 'x\n    msk  ready\n     msk'],
    ['commands of a terminal', 'y\u001b[2J\u0007\r\u009b', 'y\\u{1b}[2J\\u{7}\\u{d}\\u{9b}'],
    ['changes of direction, and separators', 'z\u202egnp\u2066\u2028', 'z\\u{202e}gnp\\u{2066}\\u{2028}'],
  ] as const)
    it(`given ${what}, then ${expected === undefined ? 'they stay' : 'they cannot pass for a line of the trigger'}`, () => {
      for (const write of [safe.notice, safe.warning, safe.error]) write(text)
      assert.deepEqual(new Set(lines.splice(0)), new Set([expected ?? text]))
    })
})
