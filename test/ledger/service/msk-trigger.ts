// The framework takes no plugin from outside a service's folder.
export { default } from '../../../localstack/msk-trigger/index.ts'
