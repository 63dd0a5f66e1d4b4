// Plain JavaScript without dependencies, because the first step of every command uses it.

/** Options whose values are secrets, and the variable that each is passed on in. */
const SECRETS = { '--event-hubs-conn-str': 'EVENT_HUBS_CONN_STR' }

/**
 * Every user of a machine can see the arguments of its processes. This puts secrets into variables, which only the owner can see,
 * names those in the arguments, and overwrites the arguments of this process.
 *
 * @param args the arguments of a command
 * @param environment receives the variables
 * @returns the arguments that can be shown
 */
export function hideSecrets(args, environment = process.env) {
  const shown = []
  let pending
  for (const arg of args) {
    const [name, ...rest] = arg.split('=')
    if (pending !== undefined) shown.push(moved(pending, arg, environment))
    else if (rest.length > 0 && Object.hasOwn(SECRETS, name))
      shown.push(`${name}=${moved(name, rest.join('='), environment)}`)
    else shown.push(arg)
    pending = pending === undefined && Object.hasOwn(SECRETS, arg) ? arg : undefined
  }
  // This replaces the arguments that Linux and macOS show of the process, from the first one on.
  if (shown.some((arg, index) => arg !== args[index])) process.title = 'sluice'
  return shown
}

/** The name of the variable that has the secret now. A value that names a variable already stays as it is. */
function moved(option, value, environment) {
  if (value.startsWith('$')) return value
  environment[SECRETS[option]] = value
  return `$${SECRETS[option]}`
}
