module greenlight.test/cluster

go 1.26
