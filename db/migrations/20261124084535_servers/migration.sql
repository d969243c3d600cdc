CREATE TABLE "servers" (
	"id" text PRIMARY KEY,
	"url" text NOT NULL,
	"token" text NOT NULL,
	"started_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp(3) with time zone NOT NULL
);
