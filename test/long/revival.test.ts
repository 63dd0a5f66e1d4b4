import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it, mock } from 'node:test'
import type { ServiceEvent } from '../../localstack/report.ts'
import type { Server } from '../../localstack/services/definition.ts'
import { signalGroup } from '../../localstack/services/groups.ts'
import { pidFile } from '../../localstack/services/orphans.ts'
import { startServer } from '../../localstack/services/server.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { until } from '../support/until.ts'

describe('given a server that was killed after a while and is being restarted', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  it('when it starts, then it becomes ready, and stopping ends it', async () => {
    const { running, revived, states, answer } = await killed(join(folder, 'up'))
    answer(true)
    await until('it is ready again', () => states().at(-1) === 'ready')
    await running.stop()
    assert.equal(signalGroup(revived, 0), false)
    assert.deepEqual(states().slice(-4), ['starting', 'ready', 'stopping', 'stopped'])
  })

  it('when it is stopped before it is ready, then the start is aborted, and nothing is left running', async () => {
    const { running, revived, states, answer } = await killed(join(folder, 'called-off'))
    await running.stop()
    assert.equal(signalGroup(revived, 0), false)
    answer(true)
    assert.deepEqual(states(), ['starting', 'ready', 'stopped', 'starting', 'stopping', 'stopped'])
  })

  it('when it is killed before it is ready, then it ends, and can be restarted', async () => {
    const { running, revived, states, answer } = await killed(join(folder, 'killed'))
    await running.kill('SIGKILL')
    assert.equal(signalGroup(revived, 0), false)
    answer(true)
    await running.restart()
    assert.equal(states().at(-1), 'ready')
    await running.stop()
  })
})

/** A server that was killed, and whose next process runs but does not answer yet. */
async function killed(dir: string) {
  const events: ServiceEvent[] = []
  const states = () => events.map(({ state }) => state)
  let answers = true
  const server = idleServer(dir, () => answers)
  mock.timers.enable({ apis: ['Date'] })
  const running = await startServer(server, {
    report: event => void events.push(event),
    signal: new AbortController().signal,
    logsDir: dir,
    revive: true,
  })
  const first = pidOf(dir)
  // A server that ran only for a moment would not be restarted.
  mock.timers.tick(60_000)
  mock.timers.reset()
  answers = false
  signalGroup(first, 'SIGKILL')
  await until('its next process runs', () => existsSync(pidFile(dir)) && pidOf(dir) !== first)
  const answer = (does: boolean) => {
    answers = does
  }
  return { running, revived: pidOf(dir), states, answer }
}

function idleServer(dir: string, answers: () => boolean): Server {
  return {
    name: 'valkey',
    title: 'Idle',
    port: 0,
    variable: 'NO_PORT',
    dir,
    package: undefined,
    prepare: async () => ({
      command: process.execPath,
      args: ['-e', 'setInterval(() => {}, 1000)'],
      env: process.env,
    }),
    answers: async () => answers(),
  }
}

function pidOf(dir: string): number {
  return JSON.parse(readFileSync(pidFile(dir), 'utf8')).pid
}
