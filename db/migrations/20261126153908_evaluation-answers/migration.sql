ALTER TABLE "evaluations" ADD COLUMN "sha256" text;--> statement-breakpoint
CREATE INDEX "evaluations_sha256_index" ON "evaluations" ("sha256");