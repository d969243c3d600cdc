import { z } from 'zod'

/** Keys of config.json about the router's loss, with transformers' defaults. */
export const routerKeys = {
  output_router_logits: z.boolean().default(false),
  router_aux_loss_coef: z.number().nonnegative().default(0.001),
}
const routerSchema = z.looseObject(routerKeys)

/** transformers adds the balancing loss to the training loss where the config asks for the router's scores. */
export function routerAuxLossCoefOf(config: z.output<typeof routerSchema>): number {
  return config.output_router_logits ? config.router_aux_loss_coef : 0
}
