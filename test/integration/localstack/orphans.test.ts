import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { signalGroup } from '#local-servers/process-groups'
import { temporaryFolder } from './support.ts'

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
})
