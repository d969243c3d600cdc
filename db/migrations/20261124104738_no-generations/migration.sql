ALTER TABLE "generation_events" DROP CONSTRAINT "generation_events_generation_id_generations_id_fkey";--> statement-breakpoint
DROP TABLE "generation_events";--> statement-breakpoint
DROP TABLE "generations";