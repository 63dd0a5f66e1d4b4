import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import type { ServiceEvent } from '../../../localstack/report.ts'
import { signalGroup } from '../../../localstack/services/groups.ts'
import { endOrphan, pidFile } from '../../../localstack/services/orphans.ts'
import { freePort, portInUse } from '../../../localstack/services/ports.ts'
import { valkeyServer } from '../../../localstack/services/valkey.ts'
import { until } from '../../support/until.ts'
import { temporaryFolder } from './support.ts'

const IDLE = 'setInterval(() => {}, 1000)'

describe('given an interrupted run', () => {
  const { folder, remove } = temporaryFolder()
  after(remove)

  it('when the run itself gets SIGKILL, then its servers end', async () => {
    const logFile = join(folder, 'server.log')
    const starter = spawn(process.execPath, [join(import.meta.dirname, 'start-and-stay.ts'), logFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface({ input: starter.stdout }), 'line')
    const pid = Number(line)
    assert.equal(signalGroup(pid, 0), true)
    starter.kill('SIGKILL')
    await until('the server has ended', () => !signalGroup(pid, 0))
  })

  it('when one of its servers is still running, then the next start reports it and ends it', async () => {
    const server = valkeyServer({ port: await freePort(), dataDir: join(folder, 'orphan') })
    const pid = leaveBehind(server.dir)
    note(server.dir, { pid, startedBy: 999_999 })
    const events: ServiceEvent[] = []
    await endOrphan(server, event => void events.push(event))
    assert.deepEqual(
      events.map(event => event.state),
      ['stopping', 'stopped'],
    )
    assert.match(events[0]?.detail ?? '', new RegExp(`process ${pid}, left behind by an interrupted run`))
    assert.equal(signalGroup(pid, 0), false)
    assert.equal(existsSync(pidFile(server.dir)), false)
  })

  it('when its process id now belongs to another program, then that program is left alone', async () => {
    const server = valkeyServer({ port: await freePort(), dataDir: join(folder, 'stranger') })
    const pid = leaveBehind(join(folder, 'elsewhere'))
    note(server.dir, { pid, startedBy: 999_999 })
    await endOrphan(server, () => assert.fail('there is nothing to report'))
    assert.equal(signalGroup(pid, 0), true)
    signalGroup(pid, 'SIGKILL')
  })

  it('when its note was written only in part, then the note is ignored', async () => {
    const server = valkeyServer({ port: await freePort(), dataDir: join(folder, 'half') })
    mkdirSync(join(server.dir, '..'), { recursive: true })
    writeFileSync(pidFile(server.dir), '{"pid":')
    await endOrphan(server, () => assert.fail('there is nothing to report'))
    assert.equal(await portInUse(server.port), false)
  })
})

/** Starts a process that names `dir` in its command line and whose parent has ended. */
function leaveBehind(dir: string): number {
  const start = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(IDLE)}, process.argv[1]],
      { detached: true, stdio: 'ignore' })
    child.unref()
    console.log(child.pid)`
  return Number(execFileSync(process.execPath, ['-e', start, dir], { encoding: 'utf8' }))
}

function note(dir: string, content: { pid: number; startedBy: number }): void {
  mkdirSync(join(dir, '..'), { recursive: true })
  writeFileSync(pidFile(dir), JSON.stringify(content))
}
