/**
 * Variables that Kubernetes sets in a pod for each service of its namespace: a service `kafka` gives `KAFKA_PORT=tcp://10.0.0.1:9092`.
 * They are not settings. Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
import type { Environment } from './slice.ts'

/** Returns whether Kubernetes has set a variable. */
export function isServiceLink(name: string, text: string | undefined): boolean {
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text ?? '')
}

/** Returns the environment without the variables that Kubernetes has set under the names of ports. */
export function withoutServiceLinks(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name, text]) => !isServiceLink(name, text)))
}
