import assert from 'node:assert/strict'
import { it } from 'node:test'
import AlarmsPlugin from '../../../../infra/alarms-plugin.ts'
import { deployed } from '../../../support/alarms.ts'
import { PROJECT } from '../../../support/program.ts'

type Framework = ConstructorParameters<typeof AlarmsPlugin>[0]

/** Returns the plugin's additions to a project with a topic of its own, and its messages. */
function added(deployment: object, stage: string, command = 'package') {
  const said: string[] = []
  const framework: Framework = {
    serviceDir: PROJECT,
    processedInput: { commands: command.split(' ') },
    configurationInput: {},
    service: {
      custom: { deployment: deployment as Framework['service']['custom']['deployment'] },
      provider: { compiledCloudFormationTemplate: { Resources: {} } },
      resources: { Resources: { Own: { Type: 'AWS::SNS::Topic' } } },
    },
    getProvider: () => ({ getStage: () => stage, getRegion: () => 'eu-west-1' }),
  }
  const log = { notice: (line: string) => void said.push(line) }
  new AlarmsPlugin(framework, undefined, { log }).hooks.initialize?.()
  assert.equal(
    framework.configurationInput.resources ?? framework.service.resources,
    framework.service.resources,
  )
  return { names: Object.keys(framework.service.resources?.Resources ?? {}), said }
}

it('given prod, then alarms and dashboard are added to the resources, and a line says their price', () => {
  const { names, said } = added(deployed(), 'prod')
  assert.deepEqual([names[0], names.at(-1)], ['Own', 'Dashboard'])
  assert.ok(names.length > 40 && names.slice(1, -1).every(name => /^(Alarm|Cause)/.test(name)))
  assert.equal(said.length, 1)
  assert.match(
    said[0] ?? '',
    /^\d+ alarms and \d+ composite alarms, about \d+ dollars a month\. See docs\/runbook\.md$/,
  )
})

it('given no topic, or a cache that is not known, then the command that builds says so, and no other', () => {
  const blind = deployed({
    ALARM_TOPIC_ARN: '',
    ALARM_SOON_TOPIC_ARN: '',
    REDIS_URL: 'rediss://cache.example:6379',
  })
  const [, ...more] = added(blind, 'prod').said
  assert.deepEqual(
    more.map(line => line.split(' ')[0]),
    ['ALARM_TOPIC_ARN', 'CACHE_NAME'],
  )
  assert.deepEqual(added(blind, 'prod', 'info').said, [])
})

it('given dev, then there is a dashboard and no alarm; given this machine, then neither', () => {
  assert.deepEqual(added(deployed({}, 'dev'), 'dev'), { names: ['Own', 'Dashboard'], said: [] })
  assert.deepEqual(added({ ...deployed(), alarms: undefined }, 'local'), { names: ['Own'], said: [] })
})
