raise KeyError("DATABASE_URL")
