import { type TlsAdvice, type TlsError, tlsFailure } from '@sluice/kafka-records/connecting'
import { RegistryClient } from '@sluice/schema-registry'
import { certificatesOf, withFilesRead } from '../access/certificates.ts'
import { loginOf } from '../access/login.ts'
import type { RegistryConfig } from '../config/registry.ts'

const ADVICE: TlsAdvice = {
  unknownAuthority: "custom.mskTrigger.registrySsl.ca must name the authority's certificate",
  tlsExpected: 'its address must begin with https://',
  plainTextExpected: 'if it is in plain text, its address must begin with http://',
  certificateWanted: 'set custom.mskTrigger.registrySsl.cert and key, or registrySsl.secret',
}

const LOGIN_REFUSED = /: it answered 40[13]: /

/** Creates a client with login and certificates. @throws AccessError or ConfigurationError where these cannot be read */
export async function connectRegistry({ uri, auth, tls }: RegistryConfig): Promise<RegistryClient> {
  const [login, certificates] = await Promise.all([
    auth && loginOf(auth.login, auth.setting),
    tls && certificatesOf(withFilesRead(tls.certificates, tls.setting), tls.setting),
  ])
  return new RegistryClient(uri, { ...(login && { login }), ...(certificates && { tls: certificates }) })
}

/** Returns why a registry has not answered, and what to do; undefined where the error's own message says all. */
export function registryProblem(error: Error, { uri, auth, tls }: RegistryConfig): string | undefined {
  const server = new URL(uri).host
  const hasCertificate = (tls?.certificates.cert ?? tls?.certificates.secret) !== undefined
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    const failure = tlsFailure(cause as TlsError, server, ADVICE, hasCertificate)
    if (failure) return `the schema registry has no answer: ${failure}`
  }
  if (!LOGIN_REFUSED.test(error.message)) return undefined
  const setting = auth?.setting ?? 'custom.mskTrigger.registryAuth'
  return `${error.message}; ${auth ? 'it does not accept the login of' : 'it may want a login:'} ${setting}`
}
