/** A local cloud whose AWS emulator dies: it comes back with the resources of the environment. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { findAlertsTopic } from '../../lib/app/aws/alerts-topic.ts'
import { startLocalCloud } from '../../localstack/local-cloud.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { parameterOf, secretOf } from '../../packages/runtime/adapters/aws/clients.ts'
import { awsPlace } from '../../programs/aws-place.ts'
import { ownServices, temporaryFolder } from '../integration/localstack/support.ts'

const { folder, remove } = temporaryFolder()
after(remove)

it('given resources in LocalStack, when it is killed and restarted, then they are created again', async () => {
  const { services, resources } = await startLocalCloud(await ownServices(folder), 'test')
  const access = awsPlace({ ...LOCAL_AWS_ENVIRONMENT, AWS_ENDPOINT_URL: services.awsEndpoint })
  try {
    await services.kill('aws')
    await services.restart('aws')
    assert.deepEqual(await parameterOf(resources.generatorParameter, access), {})
    assert.deepEqual(await secretOf(resources.redisSecret, access), { username: '', password: '' })
    assert.equal(await findAlertsTopic(access, 'test'), resources.alertsTopicArn)
  } finally {
    await services.stop()
  }
})
