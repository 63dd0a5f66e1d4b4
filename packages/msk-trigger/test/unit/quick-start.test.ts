import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KAFKA_VERSION } from '@sluice/test-kit/local-servers'
import { PROJECT } from '@sluice/test-kit/program'
import { readSteps } from '../integration/quick-start.ts'

describe('the five minutes of the README', () => {
  it('given the Kafka that it names, then this repository runs the same', async () => {
    const compose = (await readSteps()).find(step => step.do === 'write')
    assert.ok(compose?.text.includes(`image: apache/kafka:${KAFKA_VERSION}\n`))
  })

  it('given the versions that it installs, then they are those of this repository', async () => {
    const commands = await readSteps().then(steps =>
      steps.flatMap(step => (step.do === 'run' ? step.command : [])),
    )
    const install = commands.find(command => command.startsWith('npm install')) ?? ''
    for (const name of ['serverless', 'serverless-offline']) {
      const installed = JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8'))
      const alias = installed.name === name ? '' : `npm:${installed.name}@`
      assert.ok(install.includes(` ${name}@${alias}${parseInt(installed.version, 10)} `), install)
    }
  })
})
