/** Properties of the console's function in a package; it is deployed only on request. */
import assert from 'node:assert/strict'
import type { Files } from './bundles.ts'

/** Every request goes to it, and it knows where the tokens are. */
// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
export function assertConsoleApi(ofType: (type: string) => any[]): void {
  const [api, ...more] = ofType('AWS::ApiGatewayV2::Api')
  assert.deepEqual(more, [])
  assert.equal(api.ProtocolType, 'HTTP')
  assert.equal(api.CorsConfiguration, undefined)
  const [stage] = ofType('AWS::ApiGatewayV2::Stage')
  const { ThrottlingRateLimit, ThrottlingBurstLimit } = stage.DefaultRouteSettings
  assert.ok(ThrottlingRateLimit > 0 && ThrottlingBurstLimit >= ThrottlingRateLimit)
  const [authorizer] = ofType('AWS::ApiGatewayV2::Authorizer')
  assert.deepEqual(authorizer.IdentitySource, ['$request.header.X-Console-Authorization'])
  assert.deepEqual(authorizer.JwtConfiguration, { Audience: ['sluice'], Issuer: 'https://issuer.example' })
  for (const { AuthorizationType } of ofType('AWS::ApiGatewayV2::Route'))
    assert.equal(AuthorizationType, 'JWT')
  const routes = ofType('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey)
  assert.deepEqual(routes, ['$default'])
  const [integration] = ofType('AWS::ApiGatewayV2::Integration')
  assert.equal(integration.PayloadFormatVersion, '2.0')
  assert.match(JSON.stringify(integration.IntegrationUri), /ConsoleLambdaFunction/)
  const lambda = ofType('AWS::Lambda::Function').find(
    ({ FunctionName }) => FunctionName === 'sluice-prod-console',
  )
  assert.equal(lambda.Environment.Variables.CONSOLE_SECRET, 'sluice/prod/console')
}

/** The page and the list of functions are in the bundle: nothing is read beside it. */
export function assertConsoleBundle(files: Files): void {
  assert.ok(files.has('config/mappings/plain-sensor.yaml'), 'the mappings')
  const code = [...files].filter(([path]) => path.endsWith('.js')).map(([, content]) => String(content))
  const all = code.join('')
  assert.match(all, /prefers-color-scheme/, 'the style of the page')
  assert.match(all, /Rolling statistics|processor/, 'the functions')
  assert.doesNotMatch(all, /duckdb/i)
  assert.doesNotMatch(all, /amz-sdk-invocation-id/)
}
