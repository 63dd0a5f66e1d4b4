import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deployCommands, readAssignments, readStage } from '../../../infra/stack-commands.ts'

describe('npm run infra', () => {
  it('given a stage of the table, then it is that one; given another or none, the known ones are named', () => {
    assert.equal(readStage('prod').stage.keepsData, true)
    for (const name of ['production', 'local', 'toString', undefined])
      assert.throws(() => readStage(name), /--stage: must be one of dev, prod \(infra\/stages\.ts\)/)
  })

  it('given parameters, then each has its value, in which "=" may stand', () => {
    assert.deepEqual(readAssignments(['VpcId=vpc-1', 'RedisUrl=rediss://a?b=c', 'SubnetIds=']), {
      values: { VpcId: 'vpc-1', RedisUrl: 'rediss://a?b=c', SubnetIds: '' },
      problems: [],
    })
  })

  it('given what is no parameter, twice the same, or the stage, then each is told', () => {
    assert.deepEqual(readAssignments(['VpcId', 'A=1', 'A=2', 'Env=prod']).problems, [
      '"VpcId": must be NAME=VALUE',
      'A: is set twice',
      'Env: is the stage, which --stage names',
    ])
  })

  it('given a stage, then the commands name stack, files and region, and protect what is kept', () => {
    const files = { template: 'out/template.yaml', parameters: 'out/parameters.json' }
    const commands = (keepsData: boolean) =>
      deployCommands({ name: 'prod', stage: { keepsData }, region: 'eu-west-1', files }).join('\n')
    const said = commands(true)
    assert.match(
      said,
      /--region eu-west-1 --stack-name sluice-infra-prod \\\n +--template-file out\/template\.yaml/,
    )
    assert.match(said, /--parameter-overrides file:\/\/out\/parameters\.json --capabilities CAPABILITY_IAM/)
    assert.match(said, /INFRA_STACK=sluice-infra-prod npx serverless deploy --stage prod --region eu-west-1/)
    assert.match(said, /--enable-termination-protection/)
    assert.doesNotMatch(commands(false), /--enable-termination-protection/)
  })
})
