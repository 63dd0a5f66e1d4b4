// serverless-offline finds handlers only in JavaScript modules.
export {
  archiving,
  counting,
  failing,
  forwarding,
  intake,
  parking,
  receiving,
  redriver,
  router,
} from './consumers.ts'
