import type { LoginSettings } from '../config/security.ts'
import { readSecret, textIn } from './secrets.ts'

export interface Login {
  readonly username: string
  readonly password: string
}

/** User and password, as configured or from a secret of the form that Lambda requires. @throws AccessError */
export async function loginOf(
  { username = '', password = '', secret }: LoginSettings,
  setting: string,
): Promise<Login> {
  if (secret === undefined) return { username, password }
  const content = await readSecret(secret, setting)
  const text = (key: string) => textIn(content, key, secret, setting)
  return { username: text('username'), password: text('password') }
}
