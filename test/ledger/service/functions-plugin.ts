// The framework takes no plugin from outside a service's folder.
export { default } from '../../../infra/plugins/functions-plugin.ts'
