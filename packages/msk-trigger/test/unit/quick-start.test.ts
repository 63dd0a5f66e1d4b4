import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { KAFKA_VERSION } from '../../../local-servers/kafka.ts'
import { readSteps } from '../integration/quick-start.ts'

const ROOT = new URL('../../../../', import.meta.url)

describe('the five minutes of the README', () => {
  it('given the Kafka that it names, then this repository runs the same', async () => {
    const compose = (await readSteps()).find(step => step.do === 'write')
    assert.ok(compose?.text.includes(`image: apache/kafka:${KAFKA_VERSION}\n`))
  })

  it('given the versions that it installs, then they are those of this repository', async () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
    const commands = await readSteps().then(steps =>
      steps.flatMap(step => (step.do === 'run' ? step.command : [])),
    )
    const install = commands.find(command => command.startsWith('npm install')) ?? ''
    const major = (version: string) => version.replace(/\..*/, '')
    assert.ok(install.includes(` serverless@${major(dependencies.serverless)} `))
    assert.ok(install.includes(` serverless-offline@${major(dependencies['serverless-offline'])} `))
  })
})
