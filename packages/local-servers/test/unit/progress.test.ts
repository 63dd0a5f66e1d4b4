import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { startProcess, startReady } from '../../managed-process.ts'
import { groupProcessorMs, untilStandstill, type Work } from '../../progress.ts'

const STANDS_STILL =
  /^was not ready, and did nothing for 60 s \(before: \d+\.\d s of processor time, \d+ bytes written\)$/
const TOO_LONG = /^was not ready within ten minutes \(/

describe('a program that is not ready', () => {
  for (const [what, workAt, reason, ends] of [
    ['that does nothing, ends after a minute', () => [0, 0], STANDS_STILL, 60],
    ['that only turns timers, ends after a minute', s => [s * 15, 0], STANDS_STILL, 60],
    ['that computes, has ten minutes', s => [s * 40, 0], TOO_LONG, 600],
    ['that writes, has ten minutes', s => [0, Math.floor(s / 50)], TOO_LONG, 600],
    ['that computes for a while, ends a minute later', s => [Math.min(s, 100) * 500, 7], STANDS_STILL, 160],
    ['whose processes end, works', s => [s < 300 ? s * 300 : 40_000, 0], STANDS_STILL, 360],
  ] as readonly (readonly [string, (second: number) => Work, RegExp, number])[])
    it(`${what}, and is reported every ten seconds`, async () => {
      let second = 0
      const reports: number[] = []
      const wait = async (ms: number) => {
        second += ms / 1_000
      }
      assert.match(
        await untilStandstill(() => workAt(second), { wait, onWait: () => reports.push(second) }),
        reason,
      )
      assert.equal(second, ends)
      assert.deepEqual(
        reports,
        Array.from({ length: Math.ceil(ends / 10) - 1 }, (_, n) => (n + 1) * 10),
      )
    })
})

describe('a program that starts', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-progress-'))
  })
  after(() => rm(folder, { recursive: true }))

  const launch = (code: string) => ({ command: process.execPath, args: ['-e', code] })

  it('and stands still before it is ready, has not started', async () => {
    const program = { title: 'It', launch: launch('setInterval(() => {}, 1_000)'), idleMs: 2_000 }
    const untilReady = () => new Promise<undefined>(() => {})
    const started = startReady(
      { ...program, logFile: join(folder, 'log'), untilReady },
      new AbortController().signal,
    )
    await assert.rejects(started, /it was not ready, and did nothing for 2 s \(before: \d/)
  })

  it('and lets a child compute, works', { skip: process.platform !== 'linux' }, async () => {
    const code = `require('node:child_process').spawn(process.execPath, ['-e', 'for (;;);'])`
    const started = await startProcess(launch(code), join(folder, 'parent.log'))
    await until('the group has computed', () => groupProcessorMs(started.pid) > 2_000)
    await started.stop()
  })
})
