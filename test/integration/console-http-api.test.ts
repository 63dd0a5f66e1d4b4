/** The function of the console, bundled as for a deployment, with requests as an HTTP API sends them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { build } from 'esbuild'
import { consoleSecret } from '../../lib/app/resource-names.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { PROJECT } from '../support/program.ts'
import { awsEndpoint, brokers, redisUrl } from '../support/servers.ts'

const HOST = 'abc123.execute-api.eu-west-1.amazonaws.com'
const [ADA, BO] = ['a'.repeat(32), 'b'.repeat(32)]
const SECRET = {
  tokens: [
    { token: ADA, name: 'ada', role: 'operator' },
    { token: BO, name: 'bo', role: 'viewer' },
  ],
}

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>

describe('the console behind an HTTP API', { timeout: 60_000 }, () => {
  const env = `t${randomUUID().slice(0, 8)}`
  let handler: Handler
  let folder: string

  before(async () => {
    const settings = {
      ...LOCAL_AWS_ENVIRONMENT,
      SLUICE_ENV: env,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      AWS_ENDPOINT_URL: awsEndpoint(),
      CONSOLE_SECRET: consoleSecret(env),
    }
    Object.assign(process.env, settings)
    const create = { Name: settings.CONSOLE_SECRET, SecretString: JSON.stringify(SECRET) }
    await new SecretsManagerClient({}).send(new CreateSecretCommand(create))
    await mkdir(join(PROJECT, '.local'), { recursive: true })
    folder = await mkdtemp(join(PROJECT, '.local', 'test-console-'))
    handler = await bundledHandler(folder)
  })

  after(() => rm(folder, { recursive: true, force: true }))

  const ask = (path: string, more: Partial<APIGatewayProxyEventV2> & { method?: string } = {}) =>
    handler(requestOf(path, more))

  it('given nobody is signed in, then a page is the sign-in page, and a question is refused', async () => {
    const page = await ask('/alerts')
    assert.equal(page.statusCode, 401)
    assert.match(String(page.body), /Paste your token/)
    assert.equal((await ask('/api/environment')).statusCode, 401)
  })

  it('given a token on the sign-in page, then a cookie for this host lets the person in', async () => {
    const signedIn = await ask('/sign-in', {
      method: 'POST',
      headers: { ...form(), origin: `https://${HOST}` },
      body: `to=%2Falerts&token=${BO}`,
    })
    assert.equal(signedIn.statusCode, 303)
    assert.equal(signedIn.headers?.location, '/alerts')
    const [cookie = ''] = signedIn.cookies ?? []
    assert.match(cookie, /^__Host-sluice-console=b+; .*Secure/)
    const cookies = [cookie.split(';')[0] ?? '']
    const page = await ask('/alerts', { cookies })
    assert.match(String(page.body), /<div id="console">/)
    const [, script = ''] = /src="(\/assets\/[^"]+)"/.exec(String(page.body)) ?? []
    assert.ok(String((await ask(script, { cookies })).body).length > 10_000)
    const shown = JSON.parse(String((await ask('/api/environment', { cookies })).body))
    assert.deepEqual(shown.person, { name: 'bo', role: 'viewer' })
    assert.deepEqual([shown.env, shown.isLocal, shown.streams], [env, false, false])
  })

  it('given a browser that inflates, then the page comes deflated, as bytes', async () => {
    const headers = { authorization: `Bearer ${ADA}`, 'accept-encoding': 'gzip, br' }
    const { body = '', isBase64Encoded } = await ask('/', { headers })
    assert.equal(isBase64Encoded, true)
    assert.match(String(gunzipSync(Buffer.from(body, 'base64'))), /<div id="console">/)
  })

  it('given a foreign page, or a token in the address, then it is refused', async () => {
    const headers = { authorization: `Bearer ${ADA}`, origin: 'https://evil.example' }
    assert.equal((await ask('/api/environment', { headers })).statusCode, 403)
    assert.equal((await ask('/', { rawQueryString: `token=${ADA}` })).statusCode, 401)
  })
})

const form = () => ({ 'content-type': 'application/x-www-form-urlencoded' })

/** As API Gateway sends it, format 2.0. */
function requestOf(
  path: string,
  { method = 'GET', headers = {}, ...more }: Partial<APIGatewayProxyEventV2> & { method?: string },
): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: HOST, ...headers },
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      domainName: HOST,
      domainPrefix: 'abc123',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
      requestId: 'request',
      routeKey: '$default',
      stage: '$default',
      time: '01/Mar/2026:12:00:00 +0000',
      timeEpoch: 1_772_366_400_000,
    },
    ...more,
  }
}

async function bundledHandler(folder: string): Promise<Handler> {
  const { builtConsole, inlineText } = createRequire(import.meta.url)('../../esbuild.plugins.cjs')
  await build({
    entryPoints: [join(PROJECT, 'functions/console/handler.ts')],
    absWorkingDir: PROJECT,
    outfile: join(folder, 'handler.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: ['@aws-sdk/*', '@smithy/*'],
    plugins: [inlineText, builtConsole],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'silent',
  })
  return (await import(pathToFileURL(join(folder, 'handler.mjs')).href)).handler
}
