import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { KAFKA_VERSION as LOCAL_CLOUD_VERSION } from '../../../../localstack/services/kafka.ts'
import { KAFKA_VERSION } from '../../broker/install.ts'
import { readSteps } from '../integration/quick-start.ts'

const ROOT = new URL('../../../../', import.meta.url)

describe('the five minutes of the README', () => {
  it('given its blocks, then each is a file, a command, an output or settings that a test follows', async () => {
    const steps = await readSteps()
    const files = steps.flatMap(step => (step.do === 'write' ? [step.file] : []))
    assert.deepEqual(files, ['compose.yaml', 'handler.mjs', 'serverless.yml', 'produce.mjs'])
    const kinds = new Set(steps.map(step => step.do))
    assert.deepEqual(kinds, new Set(['run', 'write', 'see', 'append']))
  })

  it('given the Kafka that it names, then the command runs the same, and so does this repository', async () => {
    const compose = (await readSteps()).find(step => step.do === 'write')
    assert.ok(compose?.text.includes(`image: apache/kafka:${KAFKA_VERSION}\n`))
    assert.equal(KAFKA_VERSION, LOCAL_CLOUD_VERSION)
  })

  it('given the versions that it installs, then they are those of this repository', async () => {
    const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
    const commands = await readSteps().then(steps =>
      steps.flatMap(step => (step.do === 'run' ? step.command : [])),
    )
    const install = commands.find(command => command.startsWith('npm install')) ?? ''
    const major = (version: string) => version.replace(/\..*/, '')
    assert.ok(install.includes(` serverless@${major(devDependencies.serverless)} `))
    assert.ok(install.includes(` serverless-offline@${major(devDependencies['serverless-offline'])} `))
  })
})
